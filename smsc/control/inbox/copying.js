// To the clipboard, also where the page is not served in a secure context.

import { h } from "./dom.js";

export async function copy(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return;
    } catch {
      // refused: the older way may still do
    }
  }
  const area = h("textarea", { class: "unseen", value: text, "aria-hidden": "true", tabindex: "-1" });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** A word in single quotes for a POSIX shell. */
export const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
