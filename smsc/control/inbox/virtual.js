// A list of any length in a few elements: those in sight, reused as it scrolls. For the keyboard and for screen readers it
// is one listbox whose marked option is named by aria-activedescendant.

import { h, named } from "./dom.js";

const SPARE = 6; // rows beyond the edges
const TALLEST = 12_000_000; // px; browsers stop at some 17 million

export class VirtualList {
  /** make() gives an empty row; show(row, place) fills it and gives false where there is nothing yet;
   *  seen(first, last) is told what is in sight; opened(place) when a row is chosen. */
  constructor({ label, make, show, seen, opened, marked }) {
    Object.assign(this, { make, show, seen, opened, onMark: marked });
    this.stem = named("row");
    this.total = 0;
    this.mark = -1;
    this.rows = [];
    this.space = h("div", { class: "list-space", role: "presentation" });
    this.element = h("div", { class: "list", role: "listbox", tabindex: "0", "aria-label": label }, this.space);
    this.element.addEventListener("scroll", () => this.soon(), { passive: true });
    this.element.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row && !row.hidden) this.choose(row.place);
    });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.element);
  }

  get rowHeight() {
    return parseFloat(getComputedStyle(this.element).getPropertyValue("--row")) || 44;
  }

  get atTop() {
    return this.element.scrollTop < this.rowHeight;
  }

  soon() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  /** Show `total` rows, after they have moved by `shift` places; they stay under the reader's eyes unless `still`. */
  update(total, shift = 0, still = false) {
    this.total = Math.min(total, Math.floor(TALLEST / this.rowHeight));
    this.space.style.height = `${this.total * this.rowHeight}px`;
    if (shift && !still) this.element.scrollTop += shift * this.rowHeight;
    if (shift && this.mark >= 0) this.mark = Math.max(0, this.mark + shift);
    if (this.mark >= this.total) this.mark = this.total - 1;
    this.draw();
  }

  draw() {
    const height = this.rowHeight;
    const first = Math.max(0, Math.floor(this.element.scrollTop / height) - SPARE);
    const inSight = Math.ceil(this.element.clientHeight / height) + 2 * SPARE;
    const last = Math.min(this.total, first + inSight);
    while (this.rows.length < inSight) {
      const row = this.make();
      row.id = `${this.stem}-${this.rows.length}`;
      row.setAttribute("role", "option");
      row.classList.add("row");
      this.rows.push(row);
      this.space.append(row);
    }
    for (const row of this.rows) row.hidden = true;
    for (let place = first; place < last; place += 1) {
      const row = this.rows[place % this.rows.length];
      row.hidden = false;
      row.place = place;
      row.style.transform = `translateY(${place * height}px)`;
      row.classList.toggle("coming", this.show(row, place) === false);
      row.setAttribute("aria-posinset", String(place + 1));
      row.setAttribute("aria-setsize", String(this.total));
      row.setAttribute("aria-selected", String(place === this.mark));
    }
    const marked = this.mark >= first && this.mark < last ? this.rows[this.mark % this.rows.length] : null;
    if (marked) this.element.setAttribute("aria-activedescendant", marked.id);
    else this.element.removeAttribute("aria-activedescendant");
    this.seen?.(first, last);
  }

  /** Mark a row and bring it into sight. */
  markAt(place, { quiet = false } = {}) {
    if (this.total === 0) return;
    this.mark = Math.max(0, Math.min(this.total - 1, place));
    const height = this.rowHeight;
    const top = this.mark * height;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + height > this.element.scrollTop + this.element.clientHeight)
      this.element.scrollTop = top + height - this.element.clientHeight;
    this.draw();
    if (!quiet) this.onMark?.(this.mark);
  }

  step(by) {
    this.markAt(this.mark < 0 ? (by > 0 ? 0 : this.total - 1) : this.mark + by);
  }

  choose(place) {
    this.markAt(place, { quiet: true });
    this.opened(place);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.total, End: this.total };
    if (event.key in steps) {
      event.preventDefault();
      this.step(steps[event.key]);
    }
  }

  toTop() {
    this.element.scrollTop = 0;
    this.draw();
  }

  stop() {
    this.watcher.disconnect();
    cancelAnimationFrame(this.frame);
  }
}
