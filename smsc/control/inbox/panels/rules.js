// Rules: what the operators do with which messages; those of the file, and those that were added since.

import { get, itemsOf, patch, post, remove } from "../api.js";
import { field, h, problem, put, say } from "../dom.js";
import { many, snippet } from "../format.js";
import { Refresher } from "../refresher.js";

const EVERY = 3000;
const EXAMPLE = 'when: {to: "7705*"}\nrespond: ESME_RTHROTTLED';

export function rulesPanel(page) {
  const list = h("ul", { class: "switches" });
  const trouble = h("div", {});
  const none = h("p", { class: "dim" }, "No rules: every message meets what the operator does by default.");
  const rows = new Map();
  const refresh = () => refresher.now();

  async function ask() {
    try {
      const rules = itemsOf(await get("/api/rules"));
      put(trouble);
      const order = rules.map((rule) => rows.get(rule.id) ?? new RuleRow(rule, refresh));
      rows.clear();
      rules.forEach((rule, index) => { rows.set(rule.id, order[index]); order[index].show(rule); });
      const elements = order.map((row) => row.element);
      if (elements.length !== list.children.length || elements.some((element, index) => list.children[index] !== element)) put(list, elements);
      none.hidden = rules.length > 0;
    } catch (error) {
      put(trouble, problem(error));
    }
  }

  const text = h("textarea", { rows: "4", spellcheck: "false", placeholder: EXAMPLE, class: "code" });
  const operator = h("select", {}, h("option", { value: "" }, "all"));
  const namespace = h("input", { size: "12", placeholder: "any account", autocomplete: "off", spellcheck: "false" });
  const said = h("div", {});
  const drawOperators = () => { const kept = operator.value; put(operator, h("option", { value: "" }, "all"), page.operators.map((one) => h("option", { value: one.name }, one.name))); operator.value = kept; };
  async function add(event) {
    event.preventDefault();
    put(said);
    text.removeAttribute("aria-invalid");
    try {
      await post("/api/rules", { first: true, ...written(text.value), ...(operator.value ? { operator: operator.value } : {}), ...(namespace.value.trim() ? { namespace: namespace.value.trim() } : {}) });
      text.value = "";
      page.announce("The rule is there");
      refresh();
    } catch (error) {
      text.setAttribute("aria-invalid", "true");
      put(said, problem(error));
    }
  }
  const form = h("form", { class: "add", "aria-label": "Add a rule", on: { submit: add } },
    field("A rule, as in a scenario file (YAML or JSON)", text), said,
    h("div", { class: "fields-row" }, field("Operator", operator), field("Namespace", namespace)), h("button", { type: "submit", class: "main" }, "Add the rule"));
  drawOperators();
  const refresher = new Refresher(ask, EVERY);
  const leave = [page.live.on("rules reset resync", refresh), page.onAccounts(drawOperators)];
  return { element: h("section", { class: "panel", "aria-labelledby": "rules-title" }, h("h2", { id: "rules-title" }, "Rules"), none, list, trouble, form), stop() { refresher.stop(); leave.forEach((stop) => stop()); } };
}

function written(text) {
  return { yaml: text };
}

class RuleRow {
  constructor(rule, refresh) {
    this.said = h("div", {});
    this.hits = h("span", { class: "number dim" });
    const path = `/api/rules/${encodeURIComponent(rule.id)}`;
    const doing = (act) => async () => {
      put(this.said);
      try {
        await act();
        refresh();
      } catch (error) {
        put(this.said, problem(error));
      }
    };
    this.toggle = h("button", { type: "button", role: "switch", class: "switch", on: { click: doing(() => patch(path, { enabled: !this.enabled })) } });
    const words = ruleWords(rule.rule ?? {});
    this.toggle.setAttribute("aria-label", `Rule: ${words}`);
    this.element = h("li", {}, this.toggle, h("div", { class: "what" }, h("code", {}, snippet(words, 300)),
      h("small", {}, [rule.operator ?? "all operators", rule.namespace ? `only ${rule.namespace}` : null, rule.origin === "scenario" ? "from the scenario" : "added here"].filter(Boolean).join(" · "))),
      this.hits, rule.origin === "scenario" ? null : h("button", { type: "button", "aria-label": `Remove the rule ${words}`, on: { click: doing(() => remove(path)) } }, "Remove"), this.said);
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
  return Object.entries(value).map(([key, one]) => `${key}: ${inner(one)}`).join(", ");
}

const inner = (value) => (Array.isArray(value) ? ruleWords(value) : value !== null && typeof value === "object" ? `{${ruleWords(value)}}` : String(value));
