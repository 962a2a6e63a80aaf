// The scenario: its operators, and the timeline as it plays.

import { get, itemsOf, post, putTo } from "../api.js";
import { h, problem, put, say } from "../dom.js";
import { count, lasting, many, snippet } from "../format.js";
import { Refresher } from "../refresher.js";
import { listenText } from "./binds.js";

const EVERY = 2000;
const STATES = { past: "past", on: "on", "to come": "to come" };

export const title = "Scenario";

export function mount(root, first, page) {
  const heading = h("h1", {}, "Scenario");
  const lead = h("p", { class: "lead" });
  const trouble = h("div", {});
  const line = h("div", { class: "timeline" });
  const entries = h("ol", { class: "entries" });
  const operators = h("div", { class: "cards" });
  const states = h("div", {});
  const begin = h(
    "button",
    {
      type: "button",
      on: {
        click: async () => {
          try {
            await post("/api/scenario/begin");
            refresher.now();
          } catch (error) {
            put(trouble, problem(error));
          }
        },
      },
    },
    "Begin the timeline again",
  );
  root.append(
    h(
      "div",
      { class: "sheet wide" },
      heading,
      lead,
      trouble,
      h(
        "section",
        { class: "panel", "aria-labelledby": "timeline-title" },
        h("div", { class: "panel-head" }, h("h2", { id: "timeline-title" }, "Timeline"), begin),
        line,
        entries,
      ),
      h(
        "section",
        { class: "panel", "aria-labelledby": "operators-title" },
        h("h2", { id: "operators-title" }, "Operators"),
        operators,
      ),
      states,
    ),
  );
  let scenario = null;
  let nowLine = null;
  let whole = 1;

  async function ask() {
    try {
      const [answer] = await Promise.all([get("/api/scenario"), page.refreshOperators()]);
      put(trouble);
      draw(answer);
    } catch (error) {
      put(trouble, problem(error));
    }
    try {
      drawStates(itemsOf(await get("/api/states")));
    } catch (error) {
      if (error.status !== 404) put(states, problem(error));
    }
  }

  function draw(answer) {
    scenario = answer;
    page.clock({ now: answer.now });
    say(heading, answer.scenario || "Scenario");
    say(
      lead,
      [answer.file, answer.seed !== undefined && answer.seed !== null ? `seed ${answer.seed}` : null]
        .filter(Boolean)
        .join(" · "),
    );
    const timeline = answer.timeline ?? [];
    begin.hidden = timeline.length === 0;
    drawLine(timeline);
    put(
      entries,
      timeline.length
        ? timeline.map((entry) =>
            h(
              "li",
              { data: { state: entry.state.replace(" ", "-") } },
              h("span", { class: "number" }, spell(entry)),
              h("span", {}, h("bdi", {}, snippet(entry.words ?? entry.kind, 200))),
              h("span", { class: "dim" }, entry.operator ?? "all operators"),
              h("span", { class: "entry-state" }, STATES[entry.state] ?? entry.state),
            ),
          )
        : h(
            "li",
            { class: "empty" },
            h(
              "p",
              {},
              "This scenario has no timeline. In a file, ",
              h("code", {}, "timeline: [{at: 30s, for: 20s, fault: throttle, rate: 5/s}]"),
              " lets an operator throttle after half a minute; the Chaos page does the same by hand.",
            ),
          ),
    );
    put(operators, page.operators.map(card));
    tick();
  }

  function drawLine(timeline) {
    line.hidden = !timeline.some((entry) => entry.at !== null);
    nowLine = null;
    if (line.hidden) return;
    timeline = timeline.filter((entry) => entry.at !== null); // others wait for something that has no time
    const passed = scenario.elapsed ?? 0;
    whole = Math.max(10, ...timeline.map((entry) => entry.until ?? entry.at)) * 1.08;
    if (!timeline.some((entry) => entry.state !== "past")) whole = Math.max(whole, Math.min(passed, whole * 1.5));
    const lanes = [...new Set(timeline.map((entry) => entry.operator ?? ""))];
    const step =
      [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400].find((one) => whole / one <= 8) ??
      whole / 8;
    const marks = Array.from({ length: Math.floor((0.96 * whole) / step) + 1 }, (_, index) => index * step); // the last has room
    nowLine = h("div", { class: "now" }, h("span", {}));
    put(
      line,
      h(
        "div",
        { class: "axis", "aria-hidden": "true" },
        marks.map((at) => h("span", { style: { left: `${(100 * at) / whole}%` } }, clockOf(at))),
      ),
      lanes.map((name) =>
        h(
          "div",
          { class: "lane" },
          h("span", { class: "lane-name" }, name || "all operators"),
          h(
            "div",
            { class: "lane-track" },
            timeline
              .filter((entry) => (entry.operator ?? "") === name)
              .map((entry) =>
                h(
                  "div",
                  {
                    class: entry.until === null || entry.until === undefined ? "moment" : "span",
                    title: `${entry.words ?? entry.kind}, ${STATES[entry.state] ?? entry.state}`,
                    data: { state: entry.state.replace(" ", "-") },
                    style: {
                      left: `${(100 * entry.at) / whole}%`,
                      ...(entry.until === null || entry.until === undefined
                        ? {}
                        : { width: `${Math.max(0.4, (100 * (Math.min(entry.until, whole) - entry.at)) / whole)}%` }),
                    },
                  },
                  h("span", {}, snippet(entry.words ?? entry.kind, 60)),
                ),
              ),
          ),
        ),
      ),
      h("div", { class: "now-frame", "aria-hidden": "true" }, nowLine),
    );
  }

  function tick() {
    if (!scenario || !nowLine) return;
    const passed = scenario.began_at === null ? 0 : Math.max(0, page.now() - scenario.began_at);
    nowLine.style.left = `${Math.min(100, (100 * passed) / whole)}%`;
    nowLine.classList.toggle("over", passed > 0.97 * whole);
    say(nowLine.firstChild, clockOf(passed));
  }

  function card(operator) {
    const stats = operator.stats ?? {};
    const numbers = Object.entries(stats)
      .filter(([, value]) => typeof value === "number" && value > 0)
      .slice(0, 8);
    return h(
      "article",
      { class: "card" },
      h("h3", {}, operator.name),
      h(
        "p",
        {},
        h("code", {}, listenText(operator.listen)),
        operator.tls ? " TLS" : "",
        operator.outage ? h("span", { class: "tone", data: { tone: "bad" } }, " away") : "",
      ),
      h(
        "p",
        { class: "dim" },
        [
          many(typeof operator.binds === "number" ? operator.binds : (operator.binds?.length ?? 0), "bind"),
          many(operator.rules ?? 0, "rule"),
          many(operator.faults ?? 0, "fault"),
        ].join(" · "),
      ),
      h(
        "dl",
        { class: "facts" },
        numbers.map(([name, value]) => [
          h("dt", {}, name.replaceAll("_", " ")),
          h("dd", { class: "number" }, count(value)),
        ]),
      ),
    );
  }

  function drawStates(all) {
    if (states.contains(document.activeElement)) return; // somebody is about to choose
    put(
      states,
      all.length
        ? h(
            "section",
            { class: "panel", "aria-labelledby": "states-title" },
            h("h2", { id: "states-title" }, "Named states"),
            h(
              "ul",
              { class: "switches" },
              all.map((one) => {
                const said = h("div", {});
                const known = [...new Set([one.state, ...(one.states ?? [])])];
                const select = h(
                  "select",
                  {
                    "aria-label": `State of ${one.name}`,
                    value: one.state,
                    on: {
                      change: async () => {
                        try {
                          await putTo(
                            `/api/states/${encodeURIComponent(one.operator)}/${encodeURIComponent(one.name)}`,
                            { state: select.value },
                          );
                          put(said);
                        } catch (error) {
                          put(said, problem(error));
                        }
                      },
                    },
                  },
                  known.map((state) => h("option", { value: state }, state)),
                );
                return h(
                  "li",
                  {},
                  h("div", { class: "what" }, h("strong", {}, one.name), h("small", {}, one.operator)),
                  select,
                  said,
                );
              }),
            ),
          )
        : null,
    );
  }

  const refresher = new Refresher(ask, EVERY);
  const ticking = setInterval(tick, matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 100);
  const leave = page.live.on("scenario rules faults reset resync clock", () => refresher.now());
  return {
    update() {},
    unmount() {
      refresher.stop();
      clearInterval(ticking);
      leave();
    },
    keys: {},
  };
}

function spell({ at, until }) {
  if (at === null) return "on an event";
  return until === null ? clockOf(at) : `${clockOf(at)} – ${clockOf(until)}`;
}

/** Seconds from the start as 0:05, 2:30, 1:02:30. */
function clockOf(seconds) {
  const whole = Math.floor(seconds + 0.05);
  const two = (number) => String(number).padStart(2, "0");
  if (seconds >= 0.05 && seconds < 0.95) return lasting(seconds);
  return whole >= 3600
    ? `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`
    : `${Math.floor(whole / 60)}:${two(whole % 60)}`;
}
