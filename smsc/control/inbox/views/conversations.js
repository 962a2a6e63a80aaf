// What a subscriber's phone holds: one conversation per number, and a box to write as the subscriber.

import { get, itemsOf, post } from "../api.js";
import { avatar, bubble } from "../bubble.js";
import { field, h, problem, put, say } from "../dom.js";
import { day, encodingName, ends, many, sameDay, snippet, when } from "../format.js";
import { go, href } from "../router.js";
import { measure } from "../smstext.js";

const PATIENCE = 200;
const SHOWN = 100; // conversations, and messages of one

export const title = "Conversations";

export function mount(root, first, page) {
  let number = null;
  let numbers = [];
  let typed = 0;
  let arrived = 0;
  const search = h("input", {
    type: "search",
    placeholder: "Number or text",
    "aria-label": "Search conversations",
    autocomplete: "off",
    spellcheck: "false",
    on: {
      input: () => {
        clearTimeout(typed);
        typed = setTimeout(drawNumbers, PATIENCE);
      },
    },
  });
  const list = h("ul", { class: "numbers" });
  const fresh = h("input", {
    inputmode: "tel",
    placeholder: "77010000000",
    autocomplete: "off",
    "aria-label": "Number to write as",
  });
  const left = h(
    "section",
    { class: "pane-list", "aria-label": "Conversations" },
    h("div", { class: "search" }, search),
    list,
    h(
      "form",
      {
        class: "write-as",
        on: {
          submit: (event) => {
            event.preventDefault();
            const wanted = fresh.value.replace(/[^\d*#+a-zA-Z]/g, "");
            if (wanted) go(["conversations", wanted], { reply: "1" });
          },
        },
      },
      fresh,
      h("button", { type: "submit" }, "Write as"),
    ),
  );
  const thread = new Thread(page, () => go(["conversations"]));
  const right = h(
    "section",
    { class: "pane-open thread", "aria-label": "Conversation", hidden: true },
    thread.elements,
  );
  root.append(h("div", { class: "split conversations" }, left, right));

  async function drawNumbers() {
    let answer;
    try {
      answer = await get("/api/conversations", { q: search.value.trim(), limit: SHOWN });
    } catch (error) {
      put(list, h("li", {}, problem(error)));
      return;
    }
    numbers = itemsOf(answer);
    if (!numbers.length) {
      put(
        list,
        h(
          "li",
          { class: "empty" },
          search.value
            ? h("p", {}, "No number and no text like this.")
            : page.teach("Each number that is written to, or writes, gets a conversation here."),
        ),
      );
      return;
    }
    const focused = document.activeElement?.dataset?.number;
    put(
      list,
      numbers.map((one) =>
        h(
          "li",
          {},
          h(
            "a",
            {
              href: href(["conversations", one.number]),
              "aria-current": one.number === number ? "true" : null,
              data: { number: one.number },
            },
            avatar(one.number),
            h("span", { class: "who" }, h("bdi", {}, snippet(one.number, 24))),
            h("time", {}, when(one.last.at)),
            h(
              "span",
              { class: "last", dir: "auto" },
              one.last.direction === "mo" ? "" : `${snippet(one.last.from, 16)}: `,
              snippet(one.last.text || "no text", 90),
            ),
            h("span", { class: "count", "aria-label": many(one.count, "message") }, String(one.count)),
          ),
        ),
      ),
    );
    if (focused !== undefined) [...list.querySelectorAll("a")].find((a) => a.dataset.number === focused)?.focus();
  }

  function step(by) {
    if (!numbers.length) return;
    const here = numbers.findIndex((one) => one.number === number);
    const next = numbers[Math.max(0, Math.min(numbers.length - 1, here < 0 ? 0 : here + by))];
    go(["conversations", next.number], {}, { replace: number !== null });
  }

  function update(route) {
    number = route.path[1] ?? null;
    root.firstChild.classList.toggle("with-open", number !== null);
    right.hidden = number === null;
    for (const link of list.querySelectorAll("a")) {
      if (link.dataset.number === number) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    if (number !== null) thread.show(number, route.values.reply === "1");
  }

  const leave = [
    page.live.on("message opened resync reset", (message, kind) => {
      if (kind !== "message" || ends(message)[0] === number) thread.soon();
      if (!arrived)
        arrived = setTimeout(() => {
          arrived = 0;
          drawNumbers();
        }, PATIENCE);
    }),
    () => clearTimeout(arrived),
    () => clearTimeout(typed),
    () => thread.stop(),
  ];
  drawNumbers();
  update(first);
  return {
    update,
    unmount: () => leave.forEach((stop) => stop()),
    keys: {
      j: () => step(1),
      k: () => step(-1),
      "/": () => search.focus(),
      r: () => (number ? thread.text.focus() : false),
      Enter: () => (number ? thread.text.focus() : false),
      Escape: () => (number ? go(["conversations"]) : false),
    },
  };
}

class Thread {
  constructor(page, close) {
    this.page = page;
    this.number = null;
    this.timer = 0;
    this.last = null;
    this.title = h("h2", {});
    this.sum = h("span", { class: "dim" });
    this.screen = h("div", { class: "thread-screen", role: "log", "aria-label": "Messages", tabindex: "0" });
    this.said = h("div", {});
    this.cost = h("span", { class: "cost", "aria-live": "polite" });
    this.text = h("textarea", {
      rows: "2",
      placeholder: "Write as the subscriber",
      "aria-label": "Text of the reply",
      on: { input: () => this.drawCost(), keydown: (event) => this.key(event) },
    });
    this.to = h("input", {
      size: "12",
      spellcheck: "false",
      autocomplete: "off",
      on: {
        input: () => {
          this.chosen = true;
        },
      },
    });
    this.account = h("select", {});
    this.elements = [
      h(
        "header",
        { class: "open-head" },
        h(
          "button",
          { type: "button", class: "tool back", "aria-label": "Close the conversation", on: { click: close } },
          "←",
        ),
        this.title,
        this.sum,
      ),
      this.screen,
      h(
        "form",
        {
          class: "reply",
          on: {
            submit: (event) => {
              event.preventDefault();
              this.send();
            },
          },
        },
        this.said,
        h("div", { class: "reply-to" }, field("To", this.to), field("Account", this.account), this.cost),
        h("div", { class: "reply-text" }, this.text, h("button", { type: "submit", class: "main" }, "Send")),
      ),
    ];
    this.drawCost();
  }

  show(number, reply) {
    if (number !== this.number) {
      this.number = number;
      this.chosen = false;
      this.last = null;
      this.text.value = "";
      put(this.said);
      put(this.screen);
      this.drawCost();
      put(this.title, h("bdi", {}, snippet(number, 40)));
      this.load();
    }
    if (reply) this.text.focus();
  }

  soon() {
    if (this.number !== null && !this.timer)
      this.timer = setTimeout(() => {
        this.timer = 0;
        this.load();
      }, 100);
  }

  stop() {
    clearTimeout(this.timer);
    this.number = null;
  }

  async load() {
    const number = this.number;
    let messages;
    try {
      messages = itemsOf(await get(`/api/conversations/${encodeURIComponent(number)}`, { limit: SHOWN }));
    } catch (error) {
      if (error.status !== 404) {
        if (this.number === number) put(this.screen, problem(error));
        return;
      }
      messages = [];
    }
    if (this.number !== number) return;
    this.draw(messages);
  }

  draw(messages) {
    const screen = this.screen;
    const low = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 60;
    say(this.sum, messages.length >= SHOWN ? `last ${messages.length}` : many(messages.length, "message"));
    let before = null;
    put(
      screen,
      messages.length
        ? messages.map((message) => {
            const head =
              before === null || !sameDay(before.at, message.at) ? h("p", { class: "day" }, day(message.at)) : null;
            const other = ends(message)[1];
            const name =
              before === null || ends(before)[1] !== other || before.direction !== message.direction
                ? h(
                    "p",
                    { class: `party ${message.direction}` },
                    message.direction === "mo" ? "to " : "",
                    h("bdi", {}, snippet(other, 30)),
                    h("span", { class: "dim" }, ` · ${message.system_id}`),
                  )
                : null;
            before = message;
            return [
              head,
              name,
              h(
                "a",
                { class: `bubble-link ${message.direction}`, href: href(["messages", String(message.id)]) },
                bubble(message),
              ),
            ];
          })
        : h("p", { class: "empty" }, "Nothing yet. What you write below goes to the client as a deliver_sm."),
    );
    if (low || this.last === null) screen.scrollTop = screen.scrollHeight;
    this.last = messages.at(-1) ?? { none: true };
    const partner = messages.findLast((message) => message.direction === "mt") ?? messages.at(-1);
    const accounts = [...new Set([partner?.system_id, ...this.page.accounts].filter(Boolean))];
    const chosen = this.account.value;
    put(
      this.account,
      h("option", { value: "" }, "whoever is bound"),
      accounts.map((name) => h("option", { value: name }, snippet(name, 24))),
    );
    this.account.value = this.chosen && chosen ? chosen : (partner?.system_id ?? "");
    this.operator = partner?.operator;
    if (!this.chosen && partner) this.to.value = ends(partner)[1];
  }

  key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    }
  }

  drawCost() {
    const { encoding, units, segments, left } = measure(this.text.value);
    say(
      this.cost,
      this.text.value
        ? `${encodingName(encoding)} · ${many(segments, "segment")} · ${units} used, ${left} left`
        : "Enter sends, Shift+Enter starts a line",
    );
  }

  async send() {
    const text = this.text.value;
    if (!text) return;
    put(this.said);
    try {
      await post("/api/mo", {
        from: this.number,
        to: this.to.value,
        text,
        ...(this.account.value ? { system_id: this.account.value } : {}),
        ...(this.operator ? { operator: this.operator } : {}),
      });
    } catch (error) {
      put(this.said, problem(error)); // the text stays for another try
      return;
    }
    this.text.value = "";
    this.drawCost();
    this.page.announce("Sent");
    this.soon();
  }
}
