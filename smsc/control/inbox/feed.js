// A window on a list of any length. The API pages by id (before, after); what is kept is one run of neighbours, newest
// first, and at which place of the whole list it begins. A place far from the run is sought by an estimate of its id:
// ids are rows of the journal, spread evenly enough, and an end that is reached sets the places right.

import { get } from "./api.js";

const PAGE = 100;
const KEPT = 600; // messages in memory
const NEAR = 3 * PAGE; // places that are reached by reading on

export class Feed {
  /** `changed(shift, fresh)` is called when something is there: by how many places the run has moved, and whether because
   *  messages have come. */
  constructor(changed, failed) {
    this.changed = changed;
    this.failed = failed;
    this.filters = {};
    this.empty();
  }

  empty() {
    this.abort?.abort();
    this.abort = null;
    this.items = [];
    this.start = 0;
    this.total = 0;
    this.hint = null; // why nothing may have been found
    this.ready = false;
    this.stale = false; // something came while an answer was waited for
    this.highest = 0; // ids between which estimates are made; the lowest is asked for when it is needed
    this.lowest = null;
    this.wanted = null;
  }

  get end() {
    return this.start + this.items.length;
  }

  at(place) {
    return this.items[place - this.start];
  }

  placeOf(id) {
    const index = this.items.findIndex((item) => item.id === id);
    return index < 0 ? -1 : index + this.start;
  }

  /** The newest messages that match. */
  async open(filters) {
    this.filters = filters;
    this.empty();
    await this.ask({}, (answer) => {
      this.items = answer.items;
      this.highest = this.items[0]?.id ?? 0;
      return 0;
    });
  }

  /** See to it that the places from `first` to before `last` are there, or come. */
  need(first, last) {
    if (!this.ready) return;
    first = Math.max(0, first);
    last = Math.min(this.total, last);
    if (first >= this.start && last <= this.end) return;
    this.wanted = [first, last];
    if (!this.abort) this.fetchWanted();
  }

  async fetchWanted() {
    const [first, last] = this.wanted;
    this.wanted = null;
    if (first >= this.start && last <= this.end) return;
    if (last > this.end && first <= this.end + NEAR && first >= this.start - NEAR && this.items.length)
      await this.older();
    else if (first < this.start && first >= this.start - NEAR && this.items.length) await this.newer();
    else await this.seek(Math.max(0, first - PAGE / 4));
    if (this.wanted && !this.abort) await this.fetchWanted();
  }

  older() {
    return this.ask({ before: this.items.at(-1).id }, (answer) => {
      this.items = this.items.concat(answer.items);
      const over = this.items.length - KEPT;
      if (over > 0) {
        this.items = this.items.slice(over);
        this.start += over;
      }
      return answer.items.length < PAGE ? this.moveTo(this.total - this.items.length) : 0;
    });
  }

  newer() {
    return this.ask({ after: this.items[0].id }, (answer) => {
      const fresh = answer.items.reverse();
      this.items = fresh.concat(this.items).slice(0, KEPT);
      this.start -= fresh.length;
      if (answer.items.length < PAGE) return this.moveTo(0);
      return this.start < 1 ? this.moveTo(PAGE) : 0; // the estimate was too low: there is more above
    });
  }

  async seek(place) {
    if (place > 0 && this.lowest === null) {
      await this.ask({ after: 0, limit: 1 }, ({ items }) => {
        this.lowest = items[0]?.id ?? 0;
        return 0;
      });
    }
    await this.ask(place > 0 ? { before: this.guess(place) } : {}, (answer) => {
      this.items = answer.items;
      this.start = answer.items.length ? place : 0;
      return answer.items.length < PAGE ? this.moveTo(this.total - this.items.length) : 0;
    });
  }

  /** An id that is about at a place: between the two known ones around it. */
  guess(place) {
    const known = [
      [0, this.highest],
      [this.total - 1, this.lowest],
    ];
    if (this.items.length) known.push([this.start, this.items[0].id], [this.end - 1, this.items.at(-1).id]);
    known.sort(([one], [other]) => one - other);
    const after = Math.max(
      1,
      known.findIndex(([at]) => at >= place),
    );
    const [[above, high], [below, low]] = [known[after - 1], known[after]];
    const id = high - ((place - above) / Math.max(1, below - above)) * (high - low);
    return Math.max(this.lowest, Math.round(id)) + 1;
  }

  /** What has come since, at the front of the list. `changed` is told by how many places the others have moved. */
  async refresh() {
    if (!this.ready || this.abort) {
      this.stale = true;
      return;
    }
    await this.ask(
      { after: this.highest },
      (answer, added) => {
        if (answer.items.length === 0) return 0;
        this.highest = answer.items.at(-1).id;
        if (this.start === 0 && answer.items.length === added) {
          this.items = answer.items.reverse().concat(this.items).slice(0, KEPT);
        } else {
          this.start += added; // more than a page, or not in sight: they are read when they are looked at
        }
        return added;
      },
      true,
    );
  }

  /** How many match now that did not when the list was read last. */
  async news() {
    const answer = await get("/api/messages", { ...this.filters, limit: 1 });
    return Math.max(0, answer.total - this.total);
  }

  moveTo(start) {
    const shift = Math.max(0, start) - this.start;
    this.start += shift;
    return shift;
  }

  /** A message that has changed, where it is shown. */
  replace(message) {
    const place = this.placeOf(message.id);
    if (place < 0) return false;
    this.items[place - this.start] = message;
    return true;
  }

  async ask(where, take, fresh = false) {
    const abort = new AbortController();
    this.abort = abort;
    try {
      const answer = await get("/api/messages", { ...this.filters, limit: PAGE, ...where }, abort.signal);
      if (this.abort !== abort) return;
      const added = Math.max(0, answer.total - this.total);
      this.total = answer.total;
      this.hint = answer.hint;
      const shift = take(answer, added);
      this.total = Math.max(this.total, this.end);
      this.ready = true;
      this.abort = null;
      this.changed(shift, fresh);
      if (this.stale) {
        this.stale = false;
        this.refresh();
      }
    } catch (error) {
      if (error.name === "AbortError" || this.abort !== abort) return;
      this.abort = null;
      this.failed(error);
    }
  }
}
