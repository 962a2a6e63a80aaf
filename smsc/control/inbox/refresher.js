// Something that is asked for again and again while its view is shown, and never twice at a time.

export class Refresher {
  /** `ask` gives a promise; every `every` ms, and whenever `now` is called. A page in the background rests. */
  constructor(ask, every = 0) {
    this.ask = ask;
    this.every = every;
    this.timer = 0;
    this.running = false;
    this.again = false;
    this.stopped = false;
    this.waking = () => {
      if (!document.hidden) this.now();
    };
    document.addEventListener("visibilitychange", this.waking);
    this.now();
  }

  async now() {
    if (this.stopped) return;
    if (this.running) {
      this.again = true;
      return;
    }
    clearTimeout(this.timer);
    this.running = true;
    this.again = false;
    try {
      await this.ask();
    } finally {
      this.running = false;
    }
    if (this.stopped) return;
    if (this.again) await this.now();
    else if (this.every && !document.hidden) this.timer = setTimeout(() => this.now(), this.every);
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.waking);
  }
}
