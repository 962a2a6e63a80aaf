// Who is bound, how it goes, and what can be done to a connection.

import { get, itemsOf, post } from "../api.js";
import { h, problem, put, say } from "../dom.js";
import { lasting, many, snippet, when } from "../format.js";
import { Refresher } from "../refresher.js";
import { sparkline } from "../sparkline.js";

const EVERY = 1000;
const COLUMNS = ["Account", "Bind", "Peer", "Window", "Submits per second", "Response time", "Since", "Actions"];
const ACTS = [
  ["Unbind", "unbind", "send an unbind, as an operator does before maintenance"],
  ["Close", "close", "close the connection without a word"],
  ["Reset", "reset", "reset the connection (RST)"],
];

export const title = "Binds";

export function mount(root, first, page) {
  const body = h("tbody", {});
  const table = h(
    "table",
    { class: "binds" },
    h("caption", { class: "unseen" }, "Connections that are bound"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        COLUMNS.map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    body,
  );
  const sum = h("p", { class: "lead" });
  const trouble = h("div", {});
  const empty = h("div", { class: "empty", hidden: true });
  const operators = h("div", { class: "operators" });
  root.append(
    h(
      "div",
      { class: "sheet wide" },
      h("h1", {}, "Binds"),
      sum,
      trouble,
      h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table of binds" }, table),
      empty,
      h("h2", {}, "Operators"),
      operators,
    ),
  );
  const rows = new Map();
  let marked = -1;

  async function ask() {
    let binds;
    try {
      binds = itemsOf(await get("/api/binds"));
      put(trouble);
    } catch (error) {
      put(trouble, problem(error));
      return;
    }
    say(
      sum,
      binds.length
        ? `${many(binds.length, "connection")} of ${many(new Set(binds.map((bind) => bind.system_id)).size, "account")}`
        : "",
    );
    table.hidden = binds.length === 0;
    empty.hidden = binds.length > 0;
    if (!binds.length) put(empty, page.teach("Nobody is bound."));
    const seen = new Set(binds.map((bind) => bind.connection));
    for (const [connection, row] of rows) {
      if (!seen.has(connection)) {
        row.element.remove();
        rows.delete(connection);
      }
    }
    for (const bind of binds) {
      if (!rows.has(bind.connection)) {
        rows.set(bind.connection, new Row(bind, ask));
        body.append(rows.get(bind.connection).element);
      }
      rows.get(bind.connection).show(bind);
    }
    put(
      operators,
      page.operators.map((operator) =>
        h(
          "p",
          {},
          h("strong", {}, operator.name),
          " ",
          h("code", {}, listenText(operator.listen)),
          operator.tls ? " TLS" : "",
          operator.outage ? h("span", { class: "tone", data: { tone: "bad" } }, " away") : "",
        ),
      ),
    );
  }

  function step(by) {
    const all = [...rows.values()];
    if (!all.length) return;
    marked = Math.max(0, Math.min(all.length - 1, marked + by));
    all[marked].element.querySelector("button").focus();
  }

  const refresher = new Refresher(ask, EVERY);
  const leave = page.live.on("bind resync reset", () => refresher.now());
  return {
    update() {},
    unmount() {
      refresher.stop();
      leave();
    },
    keys: { j: () => step(1), k: () => step(-1) },
  };
}

export const listenText = (listen) =>
  typeof listen === "string" ? listen : listen ? `${listen.host}:${listen.port}` : "";

class Row {
  constructor(bind, refresh) {
    this.refresh = refresh;
    this.bind = bind;
    this.cells = COLUMNS.map((name) => h("td", { data: { name } }));
    const [account, kind, peer] = this.cells;
    account.append(h("strong", {}, h("bdi", {}, snippet(bind.system_id ?? "", 24))), h("small", {}, bind.operator));
    kind.append(bind.bind ?? "not bound", h("small", {}, bind.version ? `SMPP ${bind.version}` : ""));
    peer.append(h("code", {}, bind.peer), h("small", {}, `connection ${bind.connection}`));
    this.stall = h("button", {
      type: "button",
      title: "read nothing and send nothing until it goes on",
      on: { click: () => this.act(this.bind.stalled ? "unstall" : "stall", this.bind.stalled ? {} : { for: null }) },
    });
    this.said = h("div", {});
    this.cells.at(-1).append(
      h(
        "div",
        { class: "acts" },
        ACTS.map(([label, how, what]) =>
          h(
            "button",
            {
              type: "button",
              title: what,
              "aria-label": `${label} connection ${bind.connection}`,
              on: { click: () => this.act("drop", { how }) },
            },
            label,
          ),
        ),
        this.stall,
      ),
      this.said,
    );
    this.element = h("tr", {}, this.cells);
  }

  show(bind) {
    this.bind = bind;
    const [, , , window, rate, latency, since] = this.cells;
    const { peers, ours, outstanding_in: asked = 0, outstanding_out: sent = 0 } = bind.window ?? {};
    put(
      window,
      h("span", { class: "number" }, peers ? `${asked} of ${peers}` : `${asked}, no limit`),
      peers
        ? h("meter", {
            min: 0,
            max: peers,
            value: String(Math.min(asked, peers)),
            "aria-label": `${asked} of ${peers} requests are not answered`,
          })
        : null,
      h("small", {}, `to the client ${sent}${ours ? ` of ${ours}` : ""}`),
    );
    const now = Number(bind.rate?.now ?? 0);
    put(
      rate,
      sparkline(bind.rate?.series ?? [], `submits per second over a minute, now ${now.toFixed(0)}`),
      h("span", { class: "number" }, now < 10 && now % 1 ? now.toFixed(1) : now.toFixed(0)),
    );
    const { p50, p99 } = bind.latency ?? {};
    put(
      latency,
      sparkline(bind.latency?.series ?? [], "response time over a minute"),
      h("span", { class: "number" }, p50 === null || p50 === undefined ? "–" : `${lasting(p50)}`),
      h("small", {}, p99 === null || p99 === undefined ? "" : `p99 ${lasting(p99)}`),
    );
    put(since, when(bind.bound_at ?? bind.opened_at));
    say(this.stall, bind.stalled ? "Go on" : "Stall");
    this.stall.setAttribute("aria-label", `${bind.stalled ? "Go on with" : "Stall"} connection ${bind.connection}`);
    this.element.classList.toggle("stalled", Boolean(bind.stalled));
  }

  async act(what, body) {
    put(this.said);
    try {
      await post(`/api/binds/${this.bind.connection}/${what}`, body);
      this.refresh();
    } catch (error) {
      put(this.said, problem(error));
    }
  }
}
