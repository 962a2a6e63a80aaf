// The page: its views, the live connection, and what all views share.

import { get, itemsOf } from "./api.js";
import { h, put } from "./dom.js";
import { helpSheet, listen } from "./keys.js";
import { Live } from "./live.js";
import { route } from "./router.js";
import { themeSwitch } from "./theme.js";
import * as binds from "./views/binds.js";
import * as chaos from "./views/chaos.js";
import * as conversations from "./views/conversations.js";
import * as messages from "./views/messages.js";
import * as scenario from "./views/scenario.js";

const VIEWS = { messages, conversations, binds, chaos, scenario };
const root = document.getElementById("view");
const said = document.getElementById("said");
const banner = document.getElementById("banner");

/** What every view is given. */
class Page {
  constructor() {
    this.live = new Live("/api/events");
    this.operators = [];
    this.accounts = [];
    this.ahead = { now: Date.now() / 1000, at: performance.now(), paused: false, speed: 1 };
    this.listeners = new Set();
    this.asking = null;
    this.live.on("bind reset resync", () => this.refreshOperators());
    this.live.on("clock", () => this.refreshClock());
  }

  /** Say something to who does not see it. */
  announce(text) {
    said.textContent = text;
  }

  /** The time of the emulator, unix seconds; its clock may be paused or ahead. */
  now() {
    const { now, at, paused, speed } = this.ahead;
    return paused ? now : now + ((performance.now() - at) / 1000) * speed;
  }

  clock({ now, paused = this.ahead.paused, speed = this.ahead.speed }) {
    this.ahead = { now, at: performance.now(), paused, speed };
  }

  async refreshClock() {
    try {
      this.clock(await get("/api/clock"));
    } catch {
      // the banner says that nothing is there, and the clock panel what the API says
    }
  }

  /** Operators and accounts, for the choices of forms; asked for once at a time. */
  refreshOperators() {
    this.asking ??= this.askOperators().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  async askOperators() {
    try {
      const [operators, bound] = await Promise.all([get("/api/operators"), get("/api/binds")]);
      this.operators = itemsOf(operators);
      this.accounts = [
        ...new Set([
          ...this.accounts,
          ...itemsOf(bound)
            .map((bind) => bind.system_id)
            .filter(Boolean),
        ]),
      ].sort();
    } catch (error) {
      if (!error.lost) this.announce(error.message);
    }
    for (const listener of this.listeners) listener();
  }

  /** Accounts that messages are of, also when they are not bound any more. */
  meet(names) {
    const known = new Set([...this.accounts, ...names]);
    if (known.size === this.accounts.length) return;
    this.accounts = [...known].sort();
    for (const listener of this.listeners) listener();
  }

  onAccounts(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What to do when there is nothing to see yet. */
  teach(first = "No messages yet.") {
    const operator = this.operators[0];
    const [host, port] = addressOf(operator?.listen);
    return h(
      "div",
      { class: "teach" },
      h("h2", {}, first),
      h("p", {}, "Point an SMPP client here. What it sends shows up at once."),
      h(
        "dl",
        { class: "facts" },
        h("dt", {}, "Host"),
        h("dd", {}, h("code", {}, host)),
        h("dt", {}, "Port"),
        h("dd", {}, h("code", {}, port)),
        h("dt", {}, "system_id"),
        h("dd", {}, "any, unless the scenario has accounts"),
        h("dt", {}, "Password"),
        h("dd", {}, "any, unless the scenario has accounts"),
      ),
      h(
        "p",
        { class: "dim" },
        "Without a scenario file, a number that ends in ",
        h("code", {}, "5551005"),
        " gets the receipt UNDELIV, and ",
        h("code", {}, "smsc serve --help"),
        " lists what others do. Press ",
        h("kbd", {}, "?"),
        "for the keys.",
      ),
    );
  }
}

function addressOf(listen) {
  if (!listen) return ["127.0.0.1", "2775"];
  if (typeof listen !== "string") return [listen.host, String(listen.port)];
  const cut = listen.lastIndexOf(":");
  return [listen.slice(0, cut).replace(/^(tcp|tls):/, "") || "127.0.0.1", listen.slice(cut + 1)];
}

const page = new Page();
let shown = null; // {name, view}

function render() {
  const now = route();
  const name = now.path[0] in VIEWS ? now.path[0] : "messages";
  if (shown?.name === name) {
    shown.view.update(now);
  } else {
    shown?.view.unmount();
    put(root);
    root.scrollTop = 0;
    root.dataset.view = name;
    document.title = `${VIEWS[name].title} – smsc inbox`;
    shown = { name, view: VIEWS[name].mount(root, now, page) };
    if (document.activeElement === document.body || document.activeElement?.closest("#nav"))
      root.focus({ preventScroll: true });
  }
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

let counting = 0;
function showConnection() {
  clearInterval(counting);
  document.documentElement.dataset.connection = page.live.state;
  if (page.live.state !== "lost") {
    put(banner);
    return;
  }
  const left = h("span", { "aria-live": "off" });
  const tick = () => {
    left.textContent = ` Next attempt in ${Math.max(0, Math.ceil((page.live.retryAt - Date.now()) / 1000))} s.`;
  };
  tick();
  counting = setInterval(tick, 250);
  put(
    banner,
    h(
      "p",
      {},
      h("strong", {}, "The connection to the emulator is lost."),
      " What you see is how it was.",
      left,
      h("button", { type: "button", on: { click: () => page.live.connect() } }, "Try now"),
    ),
  );
}

const sheet = helpSheet();
document.body.append(sheet);
put(
  document.getElementById("nav"),
  Object.entries(VIEWS).map(([name, view]) => h("a", { href: `#/${name}` }, view.title)),
);
put(
  document.getElementById("tools"),
  h("span", { class: "pulse", title: "live", "aria-hidden": "true" }),
  h(
    "button",
    { type: "button", class: "tool", "aria-label": "Keys", title: "Keys (?)", on: { click: () => sheet.showModal() } },
    "?",
  ),
  themeSwitch(),
);
page.live.on("state", showConnection);
listen(() => shown?.view.keys ?? {}, sheet);
addEventListener("hashchange", render);
await Promise.all([page.refreshOperators(), page.refreshClock()]);
render();
