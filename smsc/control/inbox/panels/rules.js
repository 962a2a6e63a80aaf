// Rules: what the operators do with which messages; those of the file, and those that were added since.

import { get, itemsOf, patch, post, queryOf, remove } from "../api.js";
import { field, h, problem, put, say } from "../dom.js";
import { many, snippet } from "../format.js";
import { Refresher } from "../refresher.js";

const EVERY = 3000;
const FEW = 6; // rules of the scenario that are shown unfolded
const EXAMPLE = 'when: {to: "7705*"}\nrespond: ESME_RTHROTTLED';

export function rulesPanel(page) {
  const own = h("ul", { class: "switches" });
  const count = h("summary", {});
  const others = h("ul", { class: "switches" });
  const fold = h("details", { class: "more", open: true }, count, others);
  const trouble = h("div", {});
  const none = h("p", { class: "dim" }, "No rules: every message meets what the operator does by default.");
  const rows = new Map();
  const refresh = () => refresher.now();
  let known = false;
  fold.hidden = none.hidden = true; // until it is known what there is

  async function ask() {
    try {
      show(itemsOf(await get("/api/rules")));
      put(trouble);
    } catch (error) {
      put(trouble, problem(error));
    }
  }

  function show(rules) {
    const made = rules.map((rule) => {
      const key = `${rule.operator} ${rule.id}`;
      const row = rows.get(key) ?? new RuleRow(rule, refresh);
      row.show(rule);
      return [key, rule, row];
    });
    rows.clear();
    for (const [key, , row] of made) rows.set(key, row);
    const of = (scenario) =>
      made.filter(([, rule]) => (rule.origin === "scenario") === scenario).map(([, , row]) => row.element);
    fill(own, of(false));
    fill(others, of(true));
    say(count, many(others.children.length, "rule of the scenario", "rules of the scenario"));
    fold.hidden = others.children.length === 0;
    if (!known) fold.open = others.children.length <= FEW;
    known = true;
    none.hidden = rules.length > 0;
  }

  const text = h("textarea", { rows: "4", spellcheck: "false", placeholder: EXAMPLE, class: "code" });
  const operator = h("select", {}, h("option", { value: "" }, "all"));
  const namespace = h("input", { size: "12", placeholder: "any account", autocomplete: "off", spellcheck: "false" });
  const said = h("div", {});
  const drawOperators = () => {
    const kept = operator.value;
    put(
      operator,
      h("option", { value: "" }, "all"),
      page.operators.map((one) => h("option", { value: one.name }, one.name)),
    );
    operator.value = kept;
  };
  async function add(event) {
    event.preventDefault();
    put(said);
    text.removeAttribute("aria-invalid");
    try {
      await post("/api/rules", {
        first: true,
        yaml: text.value,
        ...(operator.value ? { operator: operator.value } : {}),
        ...(namespace.value.trim() ? { namespace: namespace.value.trim() } : {}),
      });
      text.value = "";
      page.announce("The rule is there");
      refresh();
    } catch (error) {
      text.setAttribute("aria-invalid", "true");
      put(said, problem(error));
    }
  }
  const form = h(
    "form",
    { class: "add", "aria-label": "Add a rule", on: { submit: add } },
    field("A rule, as in a scenario file (YAML or JSON)", text),
    said,
    h("div", { class: "fields-row" }, field("Operator", operator), field("Namespace", namespace)),
    h("button", { type: "submit", class: "main" }, "Add the rule"),
  );
  drawOperators();
  const refresher = new Refresher(ask, EVERY);
  const leave = [page.live.on("rules reset resync", refresh), page.onAccounts(drawOperators)];
  return {
    element: h(
      "section",
      { class: "panel", "aria-labelledby": "rules-title" },
      h("h2", { id: "rules-title" }, "Rules"),
      own,
      none,
      fold,
      trouble,
      form,
    ),
    stop() {
      refresher.stop();
      leave.forEach((stop) => stop());
    },
  };
}

/** The elements of a list, moved only where their order has changed: what has the focus keeps it. */
function fill(list, elements) {
  if (elements.length !== list.children.length || elements.some((element, index) => list.children[index] !== element))
    put(list, elements);
}

class RuleRow {
  constructor(rule, refresh) {
    this.said = h("div", {});
    this.hits = h("span", { class: "number dim" });
    const path = `/api/rules/${encodeURIComponent(rule.id)}${queryOf({ operator: rule.operator })}`;
    const doing = (act) => async () => {
      put(this.said);
      try {
        await act();
        refresh();
      } catch (error) {
        put(this.said, problem(error));
      }
    };
    this.toggle = h("button", {
      type: "button",
      role: "switch",
      class: "switch",
      on: { click: doing(() => patch(path, { enabled: !this.enabled })) },
    });
    const { note, id: _, ...says } = rule.rule ?? {};
    const words = ruleWords(says);
    this.toggle.setAttribute("aria-label", `Rule: ${words}`);
    this.element = h(
      "li",
      {},
      this.toggle,
      h(
        "div",
        { class: "what" },
        h("code", {}, snippet(words, 300)),
        h(
          "small",
          {},
          [
            note,
            rule.operator ?? "all operators",
            rule.namespace ? `only ${rule.namespace}` : null,
            rule.origin === "scenario" ? "from the scenario" : "added here",
          ]
            .filter(Boolean)
            .join(" · "),
        ),
      ),
      this.hits,
      rule.origin === "scenario"
        ? null
        : h(
            "button",
            { type: "button", "aria-label": `Remove the rule ${words}`, on: { click: doing(() => remove(path)) } },
            "Remove",
          ),
      this.said,
    );
  }

  show(rule) {
    this.enabled = rule.enabled !== false;
    this.toggle.setAttribute("aria-checked", String(this.enabled));
    this.element.classList.toggle("off", !this.enabled);
    say(this.hits, many(rule.hits ?? 0, "hit"));
  }
}

/** A rule in one line of YAML. */
function ruleWords(value) {
  if (Array.isArray(value)) return `[${value.map(inner).join(", ")}]`;
  return Object.entries(value)
    .map(([key, one]) => `${key}: ${inner(one)}`)
    .join(", ");
}

const inner = (value) =>
  Array.isArray(value)
    ? ruleWords(value)
    : value !== null && typeof value === "object"
      ? `{${ruleWords(value)}}`
      : String(value);
