// A message as a phone shows it.

import { h } from "./dom.js";
import { encodingName, ends, many, shortClock, snippet, standing, visible } from "./format.js";

/** Short texts of emoji alone are shown large, as phones do. */
const onlyEmoji = (text) =>
  text.length <= 24 &&
  /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\s)+$/u.test(text) &&
  /\p{Extended_Pictographic}/u.test(text);

/** The bubble of a message, with time and standing beneath. */
export function bubble(message, { note = true } = {}) {
  const [word, tone] = standing(message);
  const text = message.text
    ? h(
        "div",
        { class: `bubble-text${onlyEmoji(message.text) ? " large" : ""}`, dir: "auto" },
        visible(message.text, true),
      )
    : h("div", { class: "bubble-text none" }, message.encoding === "octets" ? "octets, no text" : "no text");
  return h(
    "div",
    { class: `bubble ${message.direction}`, data: { tone } },
    text,
    h(
      "div",
      { class: "bubble-note" },
      h("time", {}, shortClock(message.at)),
      note ? h("span", { class: "word" }, word) : null,
      message.parts > 1
        ? h(
            "span",
            {},
            `${message.parts_received < message.parts ? `${message.parts_received} of ` : ""}${many(message.parts, "part")}, joined`,
          )
        : null,
      note && message.encoding !== "gsm7" ? h("span", {}, encodingName(message.encoding)) : null,
    ),
  );
}

/** The screen of the subscriber's phone with this one message. */
export function phone(message) {
  const [subscriber, other] = ends(message);
  return h(
    "figure",
    { class: "phone" },
    h("div", { class: "phone-head" }, avatar(other), h("strong", {}, h("bdi", {}, snippet(other || "no sender", 40)))),
    h("div", { class: "phone-screen" }, bubble(message, { note: false })),
    h(
      "figcaption",
      {},
      message.direction === "mo" ? "on the phone that wrote it, " : "on the phone of ",
      h("bdi", {}, snippet(subscriber, 40)),
    ),
  );
}

/** A round mark: the first letter of a name, or the end of a number. */
export function avatar(name) {
  const letter = /^\+?\d+$/.test(name) ? name.slice(-2) : ([...name.trim()][0] ?? "?").toUpperCase();
  return h("span", { class: "avatar", "aria-hidden": "true" }, snippet(letter, 2));
}
