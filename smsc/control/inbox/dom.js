// Elements made from values. Text goes in as text nodes only: nothing that came over the wire is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else if (name === "style") {
      for (const [key, worth] of Object.entries(value)) element.style.setProperty(key, worth);
    } else if (name === "value" || name === "checked" || name === "selected") {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** An element: h("a", {href: "#/", on: {click: go}}, "words", other). */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  fill(element, properties, tag === "select" ? [] : children);
  if (tag === "select") {
    element.append(...children.flat(Infinity));
    if (properties?.value !== undefined) element.value = properties.value;
  }
  return element;
}

/** An element of a drawing. */
export function svg(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

/** What `element` holds, replaced. */
export function put(element, ...children) {
  element.replaceChildren(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Set the text only where it differs: nothing is laid out anew for what stays the same. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let names = 0;
/** A name for an element that labels refer to. */
export function named(stem) {
  names += 1;
  return `${stem}-${names}`;
}

/** A labelled field of a form. */
export function field(label, control, hint) {
  control.id ||= named("field");
  const note = hint ? h("small", { id: named("hint") }, hint) : null;
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, note);
}

/** An icon of one path on a grid of 24. */
export function icon(path) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: path }));
}

/** Where an error is shown, beside what it is about. */
export function problem(error) {
  return h("p", { class: "problem", role: "alert" }, error.message ?? String(error));
}
