// The list of messages, live and searched; beside it the message that is open.

import { h, icon, problem, put, say } from "../dom.js";
import { Feed } from "../feed.js";
import { count, iso, many, snippet, standing, when } from "../format.js";
import { FILTERS, parse, write } from "../query.js";
import { go } from "../router.js";
import { VirtualList } from "../virtual.js";
import { MessagePane } from "./message.js";

const PATIENCE = 200; // ms of typing or of arriving before the API is asked
const OFFERED = [
  ["to subscribers", { direction: "mt" }],
  ["from subscribers", { direction: "mo" }],
  ["delivered", { state: "DELIVRD" }],
  ["undelivered", { state: "UNDELIV" }],
  ["throttled", { status: "ESME_RTHROTTLED" }],
  ["long", { parts: "2+" }],
  ["UCS-2", { encoding: "ucs2" }],
];

export function mount(root, first, page) {
  let find = first.values.find ?? "";
  let paused = false;
  let waiting = 0; // new ones that are not shown yet
  let typed = 0;
  let arrived = 0;

  const search = h("input", {
    type: "search",
    id: "search",
    placeholder: "Search: code to:7701* state:UNDELIV",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": "Search messages",
    "aria-describedby": "search-said",
    value: find,
    on: {
      input: () => {
        clearTimeout(typed);
        typed = setTimeout(() => look(search.value), PATIENCE);
      },
    },
  });
  const said = h("p", { id: "search-said", class: "search-said", "aria-live": "polite" });
  const chips = h("div", { class: "chips", role: "group", "aria-label": "Filters" });
  const pause = h("button", { type: "button", class: "tool", "aria-pressed": "false", on: { click: togglePause } });
  const pill = h("button", { type: "button", class: "pill", hidden: true, on: { click: showNew } });
  const trouble = h("div", { class: "trouble" });
  const empty = h("div", { class: "empty" });
  const list = new VirtualList({
    label: "Messages, newest first",
    make: makeRow,
    show: showRow,
    seen: inSight,
    opened: open,
    marked: (place) => {
      if (pane.shown) open(place);
    },
  });
  const feed = new Feed(changed, (error) => put(trouble, problem(error)));
  const head = h(
    "div",
    { class: "row-head", "aria-hidden": "true" },
    ["State", "From", "To", "Text", "Account", "Time"].map((title) => h("span", {}, title)),
  );
  const left = h(
    "section",
    { class: "pane-list", "aria-label": "Messages" },
    h(
      "form",
      {
        class: "search",
        role: "search",
        on: {
          submit: (event) => {
            event.preventDefault();
            look(search.value);
            list.element.focus();
          },
        },
      },
      search,
      pause,
      hints(),
    ),
    chips,
    said,
    trouble,
    head,
    h("div", { class: "list-frame" }, list.element, pill, empty),
  );
  const right = h("section", { class: "pane-open", "aria-label": "Message", hidden: true });
  root.append(h("div", { class: "split" }, left, right));
  const pane = new MessagePane(right, page, {
    close: () => go(["messages"], { find }),
    filter: (key, value) => add(key, value),
  });

  function hints() {
    return h(
      "details",
      { class: "hints" },
      h("summary", { "aria-label": "What can be searched for" }, "?"),
      h(
        "dl",
        {},
        Object.entries(FILTERS).map(([key, what]) => [h("dt", {}, `${key}:`), h("dd", {}, what)]),
        h("dt", {}, "words"),
        h("dd", {}, "every word somewhere in numbers, text, id or state"),
      ),
    );
  }

  function makeRow() {
    const row = h("div", {});
    row.cells = ["state", "from", "to", "text", "account", "time"].map((name) =>
      h("span", { class: `cell ${name}`, dir: name === "text" ? "auto" : null }),
    );
    row.append(...row.cells);
    return row;
  }

  function showRow(row, place) {
    const message = feed.at(place);
    const [state, from, to, text, account, time] = row.cells;
    row.classList.toggle("open", message !== undefined && message.id === pane.id);
    if (!message) {
      for (const cell of row.cells) say(cell, "");
      row.dataset.tone = "none";
      return false;
    }
    const [word, tone] = standing(message);
    row.dataset.tone = tone;
    row.dataset.direction = message.direction;
    say(state, word);
    state.title = word;
    say(from, snippet(message.from, 30));
    say(to, snippet(message.to, 30));
    say(text, message.text ? snippet(message.text) : message.encoding === "octets" ? "octets" : "no text");
    text.classList.toggle("none", !message.text);
    say(account, message.parts > 1 ? `${message.system_id} · ${message.parts} parts` : message.system_id);
    say(time, when(message.at));
    time.title = iso(message.at);
    return true;
  }

  function changed(shift, fresh) {
    put(trouble);
    const still = fresh && list.atTop;
    if (fresh && shift && !still) waiting += shift;
    list.update(feed.total, shift, still);
    showPill();
    list.element.setAttribute("aria-busy", "false");
    say(said, describe());
    const none = feed.total === 0;
    empty.hidden = !none;
    if (none) put(empty, find ? nothingFound() : page.teach());
    head.hidden = none;
    page.meet(feed.items.map((message) => message.system_id));
    if (pane.shown && feed.placeOf(pane.id) >= 0 && list.mark < 0) list.markAt(feed.placeOf(pane.id), { quiet: true });
  }

  function inSight(from, to) {
    if (list.atTop && feed.start === 0 && waiting && !paused) {
      waiting = 0;
      showPill();
    }
    feed.need(from, to);
  }

  function describe() {
    const { doubts } = parse(find);
    const found = find ? `${many(feed.total, "message")} found` : many(feed.total, "message");
    return [found, ...doubts].join(" · ");
  }

  function nothingFound() {
    return h(
      "div",
      {},
      h("h2", {}, "Nothing matches"),
      feed.hint ? h("p", {}, feed.hint) : "",
      h("p", {}, "No message in the journal fits the search. New ones show up here when they do."),
      h("button", { type: "button", on: { click: () => look("") } }, "Show all messages"),
    );
  }

  async function look(text) {
    find = text.trim();
    if (search.value.trim() !== find) search.value = find;
    go(["messages", ...(pane.shown ? [String(pane.id)] : [])], { find }, { replace: true });
    await reload();
  }

  async function reload() {
    waiting = 0;
    showPill();
    drawChips();
    list.mark = -1;
    list.element.scrollTop = 0;
    list.element.setAttribute("aria-busy", "true");
    await feed.open(parse(find).filters);
  }

  function add(key, value) {
    const { filters } = parse(find);
    look(write({ ...filters, [key]: value }));
  }

  function drawChips() {
    const { filters } = parse(find);
    const active = Object.entries(filters)
      .filter(([key]) => key !== "q")
      .map(([key, value]) =>
        h(
          "button",
          {
            type: "button",
            class: "chip on",
            "aria-label": `Remove the filter ${key} ${value}`,
            on: {
              click: () => {
                const { [key]: _, ...others } = filters;
                look(write(others));
              },
            },
          },
          h("span", { class: "chip-key" }, key),
          snippet(value, 40),
          h("span", { "aria-hidden": "true" }, "×"),
        ),
      );
    const offered = OFFERED.filter(([, what]) => !Object.keys(what).some((key) => key in filters)).map(
      ([label, what]) =>
        h(
          "button",
          { type: "button", class: "chip", on: { click: () => look(write({ ...filters, ...what })) } },
          label,
        ),
    );
    const accounts =
      "system_id" in filters || page.accounts.length < 2
        ? []
        : page.accounts
            .slice(0, 8)
            .map((name) =>
              h(
                "button",
                { type: "button", class: "chip", on: { click: () => add("system_id", name) } },
                snippet(name, 24),
              ),
            );
    put(chips, active, offered, accounts);
  }

  function open(place) {
    const message = feed.at(place);
    if (message) go(["messages", String(message.id)], { find }, { replace: pane.shown });
  }

  function togglePause() {
    paused = !paused;
    drawPause();
    if (!paused) refresh();
  }

  function drawPause() {
    pause.setAttribute("aria-pressed", String(paused));
    put(
      pause,
      icon(paused ? "M8 5v14l11-7z" : "M7 5h3.500v14H7zM13.500 5H17v14h-3.500z"),
      h("span", {}, paused ? "Paused" : "Live"),
    );
    pause.setAttribute("aria-label", paused ? "Go on live" : "Pause the live list");
    page.announce(paused ? "The list is paused" : "");
  }

  async function refresh() {
    if (!paused) return feed.refresh();
    waiting = await feed.news().catch(() => waiting); // a lost connection has its own banner
    return showPill();
  }

  function showPill() {
    pill.hidden = waiting === 0;
    say(pill, paused ? `${count(waiting)} new, paused` : `${many(waiting, "new message")} ↑`);
  }

  async function showNew() {
    if (paused) togglePause();
    waiting = 0;
    showPill();
    list.toTop();
    if (feed.start > 0) await feed.open(parse(find).filters);
    list.element.focus();
  }

  const leave = [
    page.live.on("message", (message) => {
      if (message.id === pane.id) pane.reload();
      if (feed.replace(message)) list.soon();
      else if (!arrived) {
        arrived = setTimeout(() => {
          arrived = 0;
          refresh();
        }, PATIENCE);
      }
    }),
    page.live.on("opened", refresh),
    page.live.on("resync reset", () => {
      reload();
      if (pane.shown) pane.reload();
    }),
    page.onAccounts(drawChips),
  ];

  drawPause();
  reload();
  const shown = {
    update,
    unmount,
    keys: {
      j: () => list.step(1),
      k: () => list.step(-1),
      ArrowDown: () => list.step(1),
      ArrowUp: () => list.step(-1),
      Enter: () => (list.mark >= 0 ? open(list.mark) : false),
      Escape: () => (pane.shown ? go(["messages"], { find }) : find ? look("") : false),
      "/": () => {
        search.focus();
        search.select();
      },
      ".": togglePause,
      r: () => (pane.shown ? pane.reply() : false),
    },
  };

  function update(route) {
    const id = Number(route.path[1]);
    root.firstChild.classList.toggle("with-open", Boolean(id));
    say(head.children[2], id ? "Subscriber" : "To"); // there is room for one number
    if (id) pane.show(id);
    else pane.hide();
    list.draw();
    const wanted = route.values.find ?? "";
    if (wanted !== find) {
      find = wanted;
      search.value = find;
      reload();
    }
  }

  function unmount() {
    clearTimeout(typed);
    clearTimeout(arrived);
    leave.forEach((stop) => stop());
    list.stop();
    feed.empty();
    pane.hide();
  }

  update(first);
  return shown;
}

export const title = "Messages";
