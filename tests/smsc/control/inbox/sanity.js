// What is wrong with the accessibility of the page as it stands: controls without a name, texts that are hard to read,
// ids that are there twice, things outside the screen. Run in the page; gives a list of sentences.
const problems = [];
const seen = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
const of = (element) => `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}"> ${element.textContent.trim().slice(0, 40)}`;

const nameOf = (element) => {
  const by = element.getAttribute("aria-labelledby");
  if (by) return by.split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  if (element.getAttribute("aria-label")) return element.getAttribute("aria-label");
  if (element.labels?.length) return [...element.labels].map((label) => label.textContent).join(" ");
  return element.matches("input, select, textarea, meter") ? "" : element.textContent || element.querySelector("img[alt]")?.alt || "";
};
const controls = "a[href], button, input, select, textarea, summary, meter, dialog[open], nav, [role=listbox], [role=option], [role=switch], [role=group], [role=img], [role=log], [tabindex='0']";
for (const control of document.querySelectorAll(controls)) {
  if (seen(control) && !control.matches("tr, .octet, .coming") && !nameOf(control).trim()) problems.push(`no name: ${of(control)}`);
}

const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index))) problems.push(`twice: id ${id}`);
for (const reference of document.querySelectorAll("[aria-labelledby], [aria-describedby], [aria-activedescendant], label[for]")) {
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-activedescendant", "for"]) {
    for (const id of (reference.getAttribute(attribute) ?? "").split(" ").filter(Boolean)) {
      if (!document.getElementById(id)) problems.push(`${attribute} names nothing: ${id}`);
    }
  }
}

const colour = (text) => {
  const numbers = text.match(/[\d.]+/g).map(Number);
  const [r, g, b, a = 1] = text.startsWith("color(srgb") ? [numbers[0] * 255, numbers[1] * 255, numbers[2] * 255, numbers[3]] : numbers;
  return [r, g, b, a];
};
const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
const behind = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const layer = colour(getComputedStyle(at).backgroundColor);
    layers.push(layer);
    if (layer[3] === 1) break;
  }
  return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255, 1]);
};
const light = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
const contrast = (one, other) => {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let checked = 0;
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || !seen(element) || element.closest(".unseen, option, noscript")) continue;
  checked += 1;
  const ground = behind(element);
  const ratio = contrast(over(colour(getComputedStyle(element).color), ground), ground);
  if (ratio < 4.5) problems.push(`contrast ${ratio.toFixed(2)}: ${of(element)}`);
}
if (checked < 5) problems.push(`only ${checked} texts were found`);
if (document.documentElement.scrollWidth > innerWidth) problems.push(`wider than the screen: ${document.documentElement.scrollWidth} > ${innerWidth}`);
return [...new Set(problems)];
