// One PDU: its fields beside its octets. Pointing at one side marks the other, with the mouse and with the keyboard.

import { h, named } from "./dom.js";
import { clock, snippet } from "./format.js";

const WIDTH = 16; // octets in a line
const SHOWN = 1024; // octets at first; a message_payload may have 65,535

/** A PDU that unfolds: {at, direction, command, status_name, sequence, hex, fields}. */
export function pduFold(pdu, open = false) {
  const octets = pdu.hex.length / 2;
  const body = h("div", { class: "pdu-body" });
  const fold = h(
    "details",
    { class: "pdu", open, data: { direction: pdu.direction } },
    h(
      "summary",
      {},
      h(
        "span",
        { class: "way", title: pdu.direction === "in" ? "from the client" : "to the client" },
        pdu.direction === "in" ? "→" : "←",
      ),
      h("span", { class: "unseen" }, pdu.direction === "in" ? "from the client: " : "to the client: "),
      h("code", {}, pdu.command),
      h(
        "span",
        { class: "dim" },
        [
          pdu.status_name && pdu.status_name !== "ESME_ROK" ? pdu.status_name : null,
          `sequence ${pdu.sequence}`,
          `${octets} octets`,
        ]
          .filter(Boolean)
          .join(" · "),
      ),
      h("time", {}, clock(pdu.at, true)),
    ),
    body,
  );
  const fill = () => {
    if (fold.open && !body.firstChild) body.append(pduView(pdu));
  };
  fold.addEventListener("toggle", fill);
  fill();
  return fold;
}

function pduView(pdu) {
  const octets = pdu.hex.match(/../g) ?? [];
  const fields = pdu.fields ?? [];
  const rows = fields.map((field, index) =>
    h(
      "tr",
      { tabindex: index === 0 ? "0" : "-1", data: { field: String(index) } },
      h("th", { scope: "row" }, field.name),
      h(
        "td",
        {},
        h("bdi", {}, snippet(String(field.value ?? ""), 400)),
        field.meaning && String(field.meaning) !== String(field.value)
          ? h("small", {}, snippet(String(field.meaning), 200))
          : null,
      ),
      h("td", { class: "number" }, String(field.offset)),
      h("td", { class: "number" }, String(field.length)),
    ),
  );
  const table = h(
    "table",
    { class: "fields" },
    h("caption", { class: "unseen" }, `Fields of ${pdu.command}; arrow keys move`),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ["Field", "Value", "At", "Octets"].map((title) => h("th", { scope: "col" }, title)),
      ),
    ),
    h("tbody", {}, rows),
  );
  const cells = [];
  const dump = h("div", { class: "dump", role: "group", "aria-label": `Octets of ${pdu.command}; arrow keys move` });
  const owner = ownersOf(fields, octets.length);
  const draw = (until) => {
    for (let begin = cells.length; begin < until; begin += WIDTH) {
      const line = octets.slice(begin, Math.min(begin + WIDTH, until));
      const marks = line.map((octet, index) =>
        h(
          "span",
          { class: "octet", tabindex: begin + index === 0 ? "0" : "-1", data: { at: String(begin + index) } },
          octet,
        ),
      );
      cells.push(...marks);
      dump.append(
        h(
          "div",
          { class: "dump-line" },
          h("span", { class: "dump-at", "aria-hidden": "true" }, begin.toString(16).padStart(4, "0")),
          h("span", { class: "dump-octets" }, marks),
          h("span", { class: "dump-text", "aria-hidden": "true" }, line.map(printable).join("")),
        ),
      );
    }
  };
  draw(Math.min(octets.length, SHOWN));
  const rest =
    octets.length > SHOWN
      ? h(
          "button",
          {
            type: "button",
            on: {
              click: () => {
                draw(octets.length);
                rest.remove();
              },
            },
          },
          `Show all ${octets.length} octets`,
        )
      : null;
  const told = h(
    "p",
    { class: "dump-told", id: named("octets"), "aria-live": "polite" },
    "Point at a field or an octet.",
  );
  const view = h(
    "div",
    { class: "pdu-view" },
    h("div", { class: "fields-frame" }, table),
    h("div", { class: "dump-frame" }, dump, rest, told),
  );

  function light(index) {
    for (const marked of view.querySelectorAll(".lit")) marked.classList.remove("lit");
    const field = fields[index];
    if (!field) return;
    rows[index].classList.add("lit");
    for (let at = field.offset; at < field.offset + field.length && at < cells.length; at += 1)
      cells[at].classList.add("lit");
    told.textContent = `${field.name}: ${field.length === 1 ? "octet" : "octets"} ${field.offset}${field.length > 1 ? `–${field.offset + field.length - 1}` : ""}`;
  }
  const of = (target) => {
    const row = target.closest("[data-field]");
    if (row) return Number(row.dataset.field);
    const octet = target.closest("[data-at]");
    return octet ? owner[Number(octet.dataset.at)] : undefined;
  };
  for (const event of ["mouseover", "focusin"])
    view.addEventListener(event, ({ target }) => {
      const index = of(target);
      if (index !== undefined) light(index);
    });
  roam(table, () => rows, { ArrowDown: 1, ArrowUp: -1 });
  roam(dump, () => cells, { ArrowRight: 1, ArrowLeft: -1, ArrowDown: WIDTH, ArrowUp: -WIDTH });
  return view;
}

/** Which field each octet belongs to: the shortest that covers it, so that a header inside a text is found. */
function ownersOf(fields, length) {
  const owner = new Array(length).fill(undefined);
  fields.forEach((field, index) => {
    for (let at = field.offset; at < Math.min(length, field.offset + field.length); at += 1) {
      if (owner[at] === undefined || field.length <= fields[owner[at]].length) owner[at] = index;
    }
  });
  return owner;
}

const printable = (octet) => {
  const code = parseInt(octet, 16);
  return code > 31 && code < 127 ? String.fromCharCode(code) : "·";
};

/** One stop for Tab, the arrows inside. */
function roam(frame, stops, steps) {
  frame.addEventListener("keydown", (event) => {
    const all = stops();
    const here = all.indexOf(event.target);
    const there = all[here + steps[event.key]];
    if (here < 0 || !(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!there) return;
    event.target.tabIndex = -1;
    there.tabIndex = 0;
    there.focus();
  });
}
