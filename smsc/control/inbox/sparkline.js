// A small drawing of the last minute.

import { svg } from "./dom.js";

const WIDE = 120;
const HIGH = 28;

/** A line of values, oldest first; nulls are gaps. `label` says in words what it shows. */
export function sparkline(values, label) {
  const known = values.filter((value) => value !== null && value !== undefined);
  const most = Math.max(1e-9, ...known);
  const x = (index) => (values.length < 2 ? 0 : (index / (values.length - 1)) * (WIDE - 2) + 1);
  const y = (value) => HIGH - 2 - (value / most) * (HIGH - 5);
  const runs = [[]];
  values.forEach((value, index) => {
    if (value === null || value === undefined) runs.push([]);
    else runs.at(-1).push(`${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  });
  const lines = runs.filter((run) => run.length);
  const last = values.at(-1);
  return svg(
    "svg",
    { class: "sparkline", viewBox: `0 0 ${WIDE} ${HIGH}`, width: WIDE, height: HIGH, role: "img", "aria-label": label },
    svg("line", { class: "base", x1: 0, x2: WIDE, y1: HIGH - 1.5, y2: HIGH - 1.5 }),
    lines.map((run) => svg("polyline", { points: run.join(" ") })),
    last !== null && last !== undefined ? svg("circle", { cx: x(values.length - 1), cy: y(last), r: 2 }) : null,
  );
}
