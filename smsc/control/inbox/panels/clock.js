// The clock of the emulator: pause it, go on, or let time pass at once.

import { get, post } from "../api.js";
import { field, h, problem, put, say } from "../dom.js";
import { clock, day } from "../format.js";
import { Refresher } from "../refresher.js";

export function clockPanel(page) {
  const time = h("p", { class: "clock", role: "timer", "aria-label": "Time of the emulator" });
  const note = h("p", { class: "dim" });
  const toggle = h("button", { type: "button" }, "Pause");
  const by = h("input", { value: "10m", size: "8", autocomplete: "off" });
  const said = h("div", {});
  let paused = false;
  toggle.addEventListener("click", () => act(paused ? "resume" : "pause", {}));

  async function ask() {
    try {
      show(await get("/api/clock"));
    } catch (error) {
      put(said, problem(error));
    }
  }

  function show(answer) {
    page.clock(answer);
    paused = Boolean(answer.paused);
    say(toggle, paused ? "Go on" : "Pause");
    toggle.setAttribute("aria-pressed", String(paused));
    say(
      note,
      paused
        ? "Paused: nothing falls due until it goes on, or is advanced."
        : answer.virtual
          ? "The clock is virtual: it has been advanced or paused before."
          : "Runs with the clock of the machine.",
    );
    tick();
  }

  function tick() {
    const now = page.now();
    say(time, `${clock(now)}  ${day(now)}`);
  }

  async function act(what, body) {
    put(said);
    try {
      const answer = await post(`/api/clock/${what}`, body);
      if (answer?.now) show(answer);
      else await ask();
      page.announce(
        what === "advance" ? "Time has passed" : what === "pause" ? "The clock is paused" : "The clock goes on",
      );
    } catch (error) {
      put(said, problem(error));
    }
  }

  const refresher = new Refresher(ask, 5000);
  const ticking = setInterval(tick, 250);
  const leave = page.live.on("clock resync", () => refresher.now());
  return {
    element: h(
      "section",
      { class: "panel", "aria-labelledby": "clock-title" },
      h("h2", { id: "clock-title" }, "Clock"),
      time,
      note,
      h(
        "form",
        {
          class: "fields-row",
          on: {
            submit: (event) => {
              event.preventDefault();
              act("advance", { by: by.value.trim() });
            },
          },
        },
        toggle,
        field("Advance by", by),
        h("button", { type: "submit" }, "Advance"),
      ),
      said,
    ),
    stop() {
      refresher.stop();
      clearInterval(ticking);
      leave();
    },
  };
}
