// Server-sent events, and whether there is a connection at all. A connection that was lost says `resync` when it is back:
// what is shown is then asked for anew, so nothing depends on what was missed. A page that nobody looks at lets its
// connection go after a while: browsers give a site six of them, and each tab would keep one.

const KINDS = ["message", "bind", "rules", "faults", "clock", "scenario", "reset", "gap"];
const LONGEST = 10_000; // ms between two attempts
const UNSEEN = 30_000; // ms in the background until the connection is let go

export class Live extends EventTarget {
  constructor(path) {
    super();
    this.path = path;
    this.state = "connecting"; // open, lost
    this.missed = false; // something may have happened while nobody listened
    this.retryAt = 0;
    this.attempts = 0;
    this.timer = 0;
    this.resting = 0;
    this.connect();
    addEventListener("pagehide", () => this.source?.close());
    document.addEventListener("visibilitychange", () => this.seen(!document.hidden));
  }

  connect() {
    clearTimeout(this.timer);
    this.source?.close();
    const source = new EventSource(this.path);
    this.source = source;
    source.addEventListener("open", () => {
      const again = this.missed;
      this.attempts = 0;
      this.missed = false;
      this.become("open");
      this.emit(again ? "resync" : "opened", null); // what came between asking and listening is asked for
    });
    source.addEventListener("error", () => {
      source.close();
      const wait = Math.min(LONGEST, 1000 * 2 ** this.attempts);
      this.attempts += 1;
      this.missed = true;
      this.retryAt = Date.now() + wait;
      this.timer = setTimeout(() => this.connect(), wait);
      this.become("lost");
    });
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        const value = event.data ? JSON.parse(event.data) : null;
        if (kind === "gap") this.emit("resync", null);
        else this.emit(kind, value);
      });
    }
  }

  seen(visible) {
    clearTimeout(this.resting);
    if (!visible) {
      this.resting = setTimeout(() => {
        clearTimeout(this.timer);
        this.source.close();
        this.missed = true;
      }, UNSEEN);
    } else if (this.source.readyState === EventSource.CLOSED) {
      this.connect();
    }
  }

  become(state) {
    this.state = state;
    this.emit("state", state);
  }

  emit(kind, value) {
    this.dispatchEvent(new CustomEvent(kind, { detail: value }));
  }

  /** Listen to kinds of events until the returned function is called. */
  on(kinds, listener) {
    const wrapped = (event) => listener(event.detail, event.type);
    for (const kind of kinds.split(" ")) this.addEventListener(kind, wrapped);
    return () => {
      for (const kind of kinds.split(" ")) this.removeEventListener(kind, wrapped);
    };
  }
}
