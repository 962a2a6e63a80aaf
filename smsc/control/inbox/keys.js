// The keyboard: keys of the whole page, of the view that is shown, and the sheet that lists them.

import { h } from "./dom.js";
import { go } from "./router.js";

const PLACES = { m: "messages", c: "conversations", b: "binds", x: "chaos", s: "scenario" };
const PATIENCE = 1500; // ms that a `g` waits for its second key

const SHEET = [
  ["j k", "next and previous, in any list"],
  ["Enter", "open what is marked"],
  ["Esc", "close, or leave a field"],
  ["/", "search"],
  ["r", "reply as the subscriber"],
  [".", "pause the live list, or go on"],
  ["g m", "messages"],
  ["g c", "conversations"],
  ["g b", "binds"],
  ["g x", "chaos"],
  ["g s", "scenario"],
  ["?", "this sheet"],
];

export function helpSheet() {
  const close = h("button", { type: "button", class: "plain", on: { click: () => sheet.close() } }, "Close");
  const sheet = h(
    "dialog",
    { id: "help", "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, "Keys"),
    h(
      "dl",
      { class: "keys" },
      SHEET.map(([keys, what]) => [
        h(
          "dt",
          {},
          keys.split(" ").map((key) => h("kbd", {}, key)),
        ),
        h("dd", {}, what),
      ]),
    ),
    close,
  );
  return sheet;
}

const typing = (element) => element?.matches?.("input, textarea, select, [contenteditable]") ?? false;

/** `current()` gives the keys of the view: {j: f, Enter: f, …}; a function that returns false has not used the key. */
export function listen(current, sheet) {
  let since = -Infinity;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (sheet.open) {
      if (event.key === "?") sheet.close();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "Enter" && event.target.closest?.("button, a, summary")) return;
    if (event.timeStamp - since < PATIENCE && event.key in PLACES) {
      since = -Infinity;
      event.preventDefault();
      go([PLACES[event.key]]);
      return;
    }
    since = -Infinity;
    if (event.key === "g") since = event.timeStamp;
    else if (event.key === "?") sheet.showModal();
    else {
      const act = current()[event.key];
      if (act && act(event) !== false) event.preventDefault();
    }
  });
}
