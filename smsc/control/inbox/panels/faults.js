// Faults: the ones that strike now, each with a switch, and a form for another.

import { get, itemsOf, post, remove } from "../api.js";
import { field, h, problem, put, say } from "../dom.js";
import { lasting, many, snippet } from "../format.js";
import { Refresher } from "../refresher.js";

const EVERY = 2000;

export function faultsPanel(page) {
  const list = h("ul", { class: "switches" });
  const trouble = h("div", {});
  const form = new FaultForm(page, () => refresher.now());
  const rows = new Map();

  async function ask() {
    try {
      const faults = itemsOf(await get("/api/faults"));
      put(trouble);
      show(faults);
    } catch (error) {
      put(trouble, problem(error));
    }
  }

  function show(faults) {
    const ids = new Set(faults.map((fault) => fault.id));
    for (const [id, row] of rows)
      if (!ids.has(id)) {
        row.element.remove();
        rows.delete(id);
      }
    for (const fault of faults) {
      if (!rows.has(fault.id)) {
        rows.set(fault.id, new FaultRow(fault, () => refresher.now()));
        list.append(rows.get(fault.id).element);
      }
      rows.get(fault.id).show(fault, page.now());
    }
    none.hidden = faults.length > 0;
  }

  const none = h("p", { class: "dim" }, "Nothing goes wrong just now.");
  none.hidden = true; // until it is known what there is
  const refresher = new Refresher(ask, EVERY);
  const ticking = setInterval(() => rows.forEach((row) => row.tick(page.now())), 250);
  const leave = page.live.on("faults reset resync scenario", () => refresher.now());
  form.load();
  return {
    element: h(
      "section",
      { class: "panel", "aria-labelledby": "faults-title" },
      h("h2", { id: "faults-title" }, "Faults"),
      none,
      list,
      trouble,
      form.element,
    ),
    stop() {
      refresher.stop();
      clearInterval(ticking);
      leave();
    },
  };
}

class FaultRow {
  constructor(fault, refresh) {
    this.left = h("span", { class: "number dim" });
    this.hits = h("span", { class: "number dim" });
    this.said = h("div", {});
    const off = h("button", {
      type: "button",
      role: "switch",
      "aria-checked": "true",
      class: "switch",
      "aria-label": `${fault.words ?? fault.fault}, switch off`,
      on: {
        click: async () => {
          try {
            await remove(`/api/faults/${encodeURIComponent(fault.id)}`);
            refresh();
          } catch (error) {
            put(this.said, problem(error));
          }
        },
      },
    });
    this.element = h(
      "li",
      {},
      off,
      h(
        "div",
        { class: "what" },
        h("strong", {}, snippet(fault.words ?? fault.fault, 120)),
        h(
          "small",
          {},
          [
            fault.operator ?? "all operators",
            fault.namespace ? `only ${fault.namespace}` : null,
            fault.origin === "scenario" ? "from the scenario" : null,
          ]
            .filter(Boolean)
            .join(" · "),
        ),
      ),
      this.hits,
      this.left,
      this.said,
    );
  }

  show(fault, now) {
    this.until = fault.until;
    say(this.hits, fault.hits === null || fault.hits === undefined ? "" : many(fault.hits, "strike"));
    this.tick(now);
  }

  tick(now) {
    const left = this.until === null || this.until === undefined ? null : Math.max(0, this.until - now);
    say(this.left, left === null ? "until switched off" : left === 0 ? "over" : `${lasting(Math.ceil(left))} left`);
  }
}

class FaultForm {
  constructor(page, refresh) {
    this.page = page;
    this.refresh = refresh;
    this.kinds = [];
    this.kind = h("select", { on: { change: () => this.draw() } });
    this.what = h("p", { class: "dim", "aria-live": "polite" });
    this.keys = h("div", { class: "fields-row" });
    this.said = h("div", {});
    this.operator = h("select", {});
    this.namespace = h("input", { size: "12", placeholder: "any account", autocomplete: "off", spellcheck: "false" });
    this.lasts = h("input", { size: "8", placeholder: "10s", autocomplete: "off" });
    this.element = h(
      "form",
      {
        class: "add",
        "aria-label": "Switch on a fault",
        on: {
          submit: (event) => {
            event.preventDefault();
            this.send();
          },
        },
      },
      h(
        "div",
        { class: "fields-row" },
        field("Fault", this.kind),
        field("For", this.lasts, "until switched off when empty"),
        field("Operator", this.operator),
        field("Namespace", this.namespace),
      ),
      this.what,
      this.keys,
      this.said,
      h("button", { type: "submit", class: "main" }, "Switch on"),
    );
  }

  async load() {
    try {
      this.kinds = itemsOf(await get("/api/faults/kinds"));
    } catch (error) {
      put(this.said, problem(error));
      return;
    }
    put(
      this.kind,
      this.kinds.map((kind) => h("option", { value: kind.name }, kind.name)),
    );
    put(
      this.operator,
      h("option", { value: "" }, "all"),
      this.page.operators.map((operator) => h("option", { value: operator.name }, operator.name)),
    );
    this.draw();
  }

  draw() {
    const kind = this.kinds.find((one) => one.name === this.kind.value);
    if (!kind) return;
    say(this.what, kind.what ?? "");
    put(this.said);
    this.inputs = new Map();
    const own = (kind.keys ?? []).filter((key) => !["at", "for", "operator", "fault"].includes(key.name));
    const make = (key) => {
      const input = key.choices?.length
        ? h(
            "select",
            {},
            key.required ? null : h("option", { value: "" }, "–"),
            key.choices.map((choice) => h("option", { value: choice }, choice)),
          )
        : h("input", {
            size: "10",
            placeholder: String(key.default ?? key.expected?.match(/such as ([^\s,]+)/)?.[1] ?? ""),
            required: Boolean(key.required),
            autocomplete: "off",
            spellcheck: "false",
          });
      if (input.tagName === "SELECT" && key.default !== null && key.default !== undefined) {
        input.value = String(key.default);
        input.dataset.default = input.value;
      }
      this.inputs.set(key.name, input);
      return field(key.name, input, key.what);
    };
    const needed = own.filter((key) => key.required);
    const others = own.filter((key) => !key.required);
    put(
      this.keys,
      needed.map(make),
      others.length
        ? h(
            "details",
            { class: "more" },
            h("summary", {}, many(others.length, "more key")),
            h("div", { class: "fields-row" }, others.map(make)),
          )
        : null,
    );
  }

  async send() {
    const fault = { fault: this.kind.value };
    for (const [name, input] of this.inputs ?? []) {
      const value = input.value.trim();
      if (value && value !== input.dataset.default) fault[name] = worth(value);
    }
    put(this.said);
    this.blame([]);
    try {
      await post("/api/faults", {
        fault,
        ...(this.lasts.value.trim() ? { for: this.lasts.value.trim() } : {}),
        ...(this.operator.value ? { operator: this.operator.value } : {}),
        ...(this.namespace.value.trim() ? { namespace: this.namespace.value.trim() } : {}),
      });
      this.page.announce(`${fault.fault} is on`);
      this.refresh();
    } catch (error) {
      put(this.said, problem(error));
      this.blame((error.body?.problems ?? []).map(({ field: name }) => name));
    }
  }

  /** Mark the inputs that are at fault, and go to the first of them. */
  blame(names) {
    const inputs = new Map([
      ["for", this.lasts],
      ["operator", this.operator],
      ["namespace", this.namespace],
      ...[...(this.inputs ?? [])].map(([name, input]) => [`fault.${name}`, input]),
    ]);
    for (const input of inputs.values()) input.removeAttribute("aria-invalid");
    const wrong = names.map((name) => inputs.get(name)).filter(Boolean);
    for (const input of wrong) input.setAttribute("aria-invalid", "true");
    wrong[0]?.focus();
  }
}

/** As YAML would read it: numbers and truths as such, the rest as text. */
export function worth(text) {
  if (/^-?\d+(\.\d+)?$/.test(text) && String(Number(text)) === text) return Number(text);
  if (text === "true" || text === "false") return text === "true";
  return text;
}
