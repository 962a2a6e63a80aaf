// What goes wrong on purpose: faults, rules, the clock, and forgetting.

import { post } from "../api.js";
import { h, problem, put } from "../dom.js";
import { snippet } from "../format.js";
import { clockPanel } from "../panels/clock.js";
import { faultsPanel } from "../panels/faults.js";
import { rulesPanel } from "../panels/rules.js";

export const title = "Chaos";

export function mount(root, first, page) {
  const panels = [faultsPanel(page), rulesPanel(page), clockPanel(page), resetPanel(page)];
  root.append(
    h(
      "div",
      { class: "sheet" },
      h("h1", {}, "Chaos"),
      panels.map((panel) => panel.element),
    ),
  );
  const steps = (by) => {
    const stops = [...root.querySelectorAll(".panel")];
    const here = stops.findIndex((stop) => stop.contains(document.activeElement));
    const next = stops[Math.max(0, Math.min(stops.length - 1, here + by))];
    next?.querySelector("button, input, select, textarea, summary")?.focus();
  };
  return {
    update() {},
    unmount() {
      panels.forEach((panel) => panel.stop());
    },
    keys: { j: () => steps(1), k: () => steps(-1) },
  };
}

/** Forget what belongs to an account, or everything. */
function resetPanel(page) {
  const said = h("div", {});
  const buttons = h("div", { class: "acts" });
  const sure = h("dialog", { "aria-label": "Forget" });
  const draw = () =>
    put(
      buttons,
      page.accounts.map((name) =>
        h("button", { type: "button", on: { click: () => ask(name) } }, "Forget ", h("bdi", {}, snippet(name, 24))),
      ),
      h("button", { type: "button", class: "bad", on: { click: () => ask(null) } }, "Forget everything"),
    );
  function ask(name) {
    put(
      sure,
      h("h2", {}, name === null ? "Forget everything?" : `Forget all of ${snippet(name, 24)}?`),
      h("p", {}, "Messages, receipts that are owed, rules and faults that were made here go. Connections stay."),
      h(
        "div",
        { class: "acts" },
        h(
          "button",
          {
            type: "button",
            class: "bad",
            on: {
              click: () => {
                sure.close();
                act(name);
              },
            },
          },
          "Forget",
        ),
        h("button", { type: "button", on: { click: () => sure.close() } }, "Cancel"),
      ),
    );
    sure.showModal();
  }
  async function act(name) {
    try {
      await post("/api/reset", { system_id: name });
      put(said);
      page.announce("Forgotten");
    } catch (error) {
      put(said, problem(error));
    }
  }
  draw();
  const leave = page.onAccounts(draw);
  return {
    element: h(
      "section",
      { class: "panel", "aria-labelledby": "reset-title" },
      h("h2", { id: "reset-title" }, "Namespaces"),
      h(
        "p",
        { class: "lead" },
        "A rule or fault with a namespace concerns that account alone, so that tests can share one emulator. Between them, forget what one has left.",
      ),
      buttons,
      said,
      sure,
    ),
    stop: leave,
  };
}
