// Light, dark, or as the system says; kept in this browser.

import { h } from "./dom.js";

const ORDER = ["system", "light", "dark"];
const MARKS = { system: "◐", light: "○", dark: "●" };

function kept() {
  try {
    return ORDER.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "system";
  } catch {
    return "system"; // storage is shut off in this browser
  }
}

function keep(theme) {
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // shut off: it holds for this page
  }
}

export function themeSwitch() {
  let theme = kept();
  const button = h("button", {
    type: "button",
    class: "tool",
    id: "theme",
    on: { click: () => wear(ORDER[(ORDER.indexOf(theme) + 1) % 3]) },
  });
  function wear(next) {
    theme = next;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    keep(theme);
    button.textContent = MARKS[theme];
    button.setAttribute("aria-label", `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
  }
  wear(theme);
  return button;
}
