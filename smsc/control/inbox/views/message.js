// One message: the phone, the facts, what happened to it when, and its PDUs octet by octet.

import { get, post } from "../api.js";
import { phone } from "../bubble.js";
import { copy, quoted } from "../copying.js";
import { field, h, problem, put } from "../dom.js";
import { clock, encodingName, ends, hidden, iso, lasting, many, snippet, standing, when } from "../format.js";
import { pduFold } from "../pdu.js";
import { go, href } from "../router.js";

const STATS = ["DELIVRD", "UNDELIV", "EXPIRED", "REJECTD", "DELETED", "UNKNOWN", "ACCEPTD", "ENROUTE"];
const FINAL_ERR = { DELIVRD: "000", ACCEPTD: "000", ENROUTE: "000" };
const KINDS = {
  submitted: "submitted",
  answered: "answered",
  state: "state",
  receipt: "receipt",
  acknowledged: "acknowledged",
  refused: "refused",
};

export class MessagePane {
  constructor(frame, page, { close, filter }) {
    Object.assign(this, { frame, page, close, filter });
    this.id = null;
    this.message = null;
    this.fetching = null;
    this.again = false;
  }

  get shown() {
    return this.id !== null;
  }

  hide() {
    this.id = null;
    this.message = null;
    this.fetching?.abort();
    this.fetching = null;
    this.frame.hidden = true;
    put(this.frame);
  }

  show(id) {
    if (this.id === id) return;
    this.id = id;
    this.message = null;
    this.frame.hidden = false;
    this.fetching?.abort();
    this.fetching = null;
    this.load();
  }

  /** What is shown has changed; one request at a time, and one more if it changed again meanwhile. */
  reload() {
    if (this.fetching) this.again = true;
    else this.load();
  }

  async load() {
    const abort = new AbortController();
    this.fetching = abort;
    this.again = false;
    const started = this.id;
    try {
      const message = await get(`/api/messages/${started}`, {}, abort.signal);
      if (this.id !== started) return;
      const first = this.message === null;
      this.message = message;
      if (first) {
        put(this.frame, this.draw());
        this.frame.scrollTop = 0;
      } else {
        this.drawLive();
      }
    } catch (error) {
      if (error.name === "AbortError" || this.id !== started) return;
      put(this.frame, this.bar("Message"), problem(error));
    } finally {
      if (this.fetching === abort) this.fetching = null;
    }
    if (this.again && this.id === started) this.load();
  }

  reply() {
    if (!this.message) return false;
    go(["conversations", ends(this.message)[0]], { reply: "1" });
    return true;
  }

  bar(title) {
    return h(
      "header",
      { class: "open-head" },
      h(
        "button",
        { type: "button", class: "tool back", "aria-label": "Close the message", on: { click: this.close } },
        "←",
      ),
      h("h2", {}, title),
    );
  }

  draw() {
    const message = this.message;
    this.parts = {
      phone: h("div", {}),
      facts: h("div", {}),
      events: h("ol", { class: "events" }),
      segments: h("div", {}),
    };
    this.drawn = new Map();
    this.look = null;
    const title = h(
      "span",
      {},
      h("bdi", {}, snippet(message.from, 40)),
      h("span", { class: "dim" }, " → "),
      h("bdi", {}, snippet(message.to, 40)),
    );
    const folds = h(
      "div",
      { class: "open-body" },
      h("div", { class: "open-top" }, this.parts.phone, this.parts.facts),
      h(
        "section",
        { "aria-labelledby": "events-title" },
        h("h3", { id: "events-title" }, "What happened"),
        this.parts.events,
      ),
      h(
        "section",
        { "aria-labelledby": "pdus-title" },
        h("h3", { id: "pdus-title" }, "On the wire"),
        this.parts.segments,
      ),
    );
    this.drawLive();
    return [this.bar(title), this.actions(), folds];
  }

  /** All that may change while it is looked at; PDUs that are unfolded stay as they are. */
  drawLive() {
    const message = this.message;
    const look = JSON.stringify([message.text, message.parts_received, message.status]);
    if (look !== this.look) put(this.parts.phone, phone(message)); // else what is selected in it stays selected
    this.look = look;
    put(this.parts.facts, this.facts(message));
    put(this.parts.events, events(message));
    this.segments(message);
  }

  facts(message) {
    const [word, tone] = standing(message);
    const by = (key, value) =>
      h(
        "button",
        {
          type: "button",
          class: "value",
          title: `Search for ${key}:${snippet(String(value), 60)}`,
          on: { click: () => this.filter(key, String(value)) },
        },
        h("bdi", {}, snippet(String(value), 60)),
      );
    const odd = hidden(message.text ?? "");
    const rows = [
      [
        "State",
        h(
          "span",
          { class: "tone", data: { tone } },
          word,
          message.err && message.err !== "000" ? ` · err ${message.err}` : "",
        ),
      ],
      ["From", by("from", message.from)],
      ["To", by("to", message.to)],
      ["Account", [by("system_id", message.system_id), h("span", { class: "dim" }, ` at ${message.operator}`)]],
      ["Taken", h("time", { datetime: iso(message.at), title: iso(message.at) }, `${when(message.at)}`)],
      message.final_at
        ? ["Final", `${clock(message.final_at)}, after ${lasting(message.final_at - message.at)}`]
        : null,
      ["Encoding", `${encodingName(message.encoding)}, data_coding ${message.data_coding}`],
      ["Length", `${many([...(message.text ?? "")].length, "character")}, ${many(message.parts, "segment")}`],
      message.reference !== null && message.reference !== undefined ? ["Reference", String(message.reference)] : null,
      message.message_id ? ["message_id", h("code", {}, message.message_id)] : null,
      odd.length ? ["Does not show", h("span", { class: "odd" }, odd.join(", "))] : null,
    ].filter(Boolean);
    return h(
      "dl",
      { class: "facts" },
      rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    );
  }

  actions() {
    const message = this.message;
    const url = `${location.origin}/api/messages/${message.id}`;
    const copier = (label, text) =>
      h(
        "button",
        {
          type: "button",
          on: {
            click: async () => {
              await copy(text());
              this.page.announce(`Copied as ${label}`);
            },
          },
        },
        `Copy as ${label}`,
      );
    return h(
      "div",
      { class: "actions", role: "group", "aria-label": "Actions" },
      h("a", { class: "button", href: href(["conversations", ends(message)[0]], { reply: "1" }) }, "Reply"),
      message.direction === "mt" && !message.status ? this.receiptForm() : null,
      copier("JSON", () => JSON.stringify(this.message, null, 2)),
      copier("curl", () => `curl -s ${quoted(url)}`),
    );
  }

  receiptForm() {
    const stat = h(
      "select",
      {
        on: {
          change: () => {
            err.value = FINAL_ERR[stat.value] ?? "001";
          },
        },
      },
      STATS.map((name) => h("option", { value: name }, name)),
    );
    const err = h("input", { value: "000", maxlength: "3", size: "3", spellcheck: "false" });
    const part =
      this.message.parts > 1
        ? h(
            "select",
            {},
            h("option", { value: "" }, "all parts"),
            this.message.segments.map((segment) =>
              h("option", { value: String(segment.part) }, `part ${segment.part}`),
            ),
          )
        : null;
    const said = h("div", {});
    const send = async (event) => {
      event.preventDefault();
      put(said);
      try {
        await post(`/api/messages/${this.message.id}/receipt`, {
          stat: stat.value,
          err: err.value,
          ...(part?.value ? { part: Number(part.value) } : {}),
        });
        fold.open = false;
        this.page.announce(`The receipt ${stat.value} is on its way`);
        this.reload();
      } catch (error) {
        put(said, problem(error));
      }
    };
    const fold = h(
      "details",
      { class: "fold" },
      h("summary", { class: "button" }, "Force a receipt"),
      h(
        "form",
        { class: "drop", on: { submit: send } },
        field("Stat", stat),
        field("err", err),
        part ? field("For", part) : null,
        h("button", { type: "submit", class: "main" }, "Send the receipt"),
        said,
      ),
    );
    fold.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        fold.open = false;
        fold.querySelector("summary").focus();
        event.stopPropagation();
      }
    });
    return fold;
  }

  segments(message) {
    for (const segment of message.segments ?? []) {
      let drawn = this.drawn.get(segment.row);
      if (!drawn) {
        drawn = { head: h("p", { class: "segment-head" }), pdus: new Map(), box: h("div", { class: "segment" }) };
        drawn.box.append(drawn.head);
        this.drawn.set(segment.row, drawn);
        this.parts.segments.append(drawn.box);
      }
      const characters = [...(segment.text ?? "")].length;
      put(
        drawn.head,
        h("strong", {}, message.parts > 1 ? `Segment ${segment.part} of ${message.parts}` : "One segment"),
        h(
          "span",
          { class: "dim" },
          [
            many(characters, "character"),
            segment.message_id ? `message_id ${segment.message_id}` : null,
            segment.state ?? segment.status_name,
          ]
            .filter(Boolean)
            .join(" · "),
        ),
        message.parts > 1 ? h("bdi", { class: "segment-text" }, snippet(segment.text ?? "", 80)) : null,
      );
      for (const pdu of segment.pdus ?? []) {
        if (drawn.pdus.has(pdu.row)) continue;
        const fold = pduFold(pdu, this.drawn.size === 1 && drawn.pdus.size === 0);
        drawn.pdus.set(pdu.row, fold);
        drawn.box.append(fold);
      }
    }
    if (!this.drawn.size) put(this.parts.segments, h("p", { class: "dim" }, "No PDU of it is in the journal."));
  }
}

function events(message) {
  let before = null;
  return (message.events ?? []).map((event) => {
    const gap = before === null ? null : event.at - before;
    before = event.at;
    return h(
      "li",
      { data: { kind: event.kind } },
      h("span", { class: "gap" }, gap === null ? "" : `+ ${lasting(gap)}`),
      h("span", { class: "knot", "aria-hidden": "true" }),
      h(
        "span",
        { class: "event" },
        h("strong", {}, KINDS[event.kind] ?? event.kind),
        event.part && message.parts > 1 ? h("span", { class: "dim" }, ` part ${event.part}`) : null,
        event.detail ? h("span", {}, " ", h("bdi", {}, snippet(String(event.detail), 300))) : null,
      ),
      h("time", { datetime: iso(event.at) }, clock(event.at, true)),
    );
  });
}
