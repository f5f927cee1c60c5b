// What happens elsewhere arrives here. A stream that dies is opened again from the last position
// seen; silence is shown for what it is, because an old number must not look like a new one.
import { correctClock } from "../clock.js";

export const SILENCE_MS = 10_000;
const AGAIN_MS = [500, 1000, 2000, 5000];

export class Stream extends EventTarget {
  constructor({ url, after, names }) {
    super();
    this.url = url;
    this.after = after;
    this.names = names;
    this.heardAt = performance.now();
    this.tries = 0;
    this.health = null;
    this.closed = false;
    this.open();
    window.addEventListener("online", () => this.#reopen());
    document.addEventListener("visibilitychange", () => {
      if (!this.closed && !document.hidden && this.silentMs > SILENCE_MS) this.#reopen();
    });
  }

  /** Milliseconds since anything was heard. */
  get silentMs() {
    return performance.now() - this.heardAt;
  }

  open() {
    const after = this.after();
    // without a position the stream begins with what happens from now on
    this.source = new EventSource(after ? `${this.url}?after=${after}` : this.url);
    this.source.addEventListener("open", () => {
      this.tries = 0;
      this.dispatchEvent(new CustomEvent("open"));
    });
    this.source.addEventListener("heartbeat", (message) => {
      this.heardAt = performance.now();
      this.health = JSON.parse(message.data);
      correctClock(this.health.now);
      this.dispatchEvent(new CustomEvent("heartbeat", { detail: this.health }));
    });
    for (const name of this.names)
      this.source.addEventListener(name, (message) => {
        this.heardAt = performance.now();
        this.dispatchEvent(new CustomEvent("event", { detail: JSON.parse(message.data) }));
      });
    for (const name of ["reload", "signed_out"])
      this.source.addEventListener(name, () => this.dispatchEvent(new CustomEvent(name)));
    this.source.addEventListener("error", () => {
      // the browser tries again by itself unless the answer was no stream at all
      if (this.source.readyState === EventSource.CLOSED) this.#later();
    });
  }

  #later() {
    clearTimeout(this.timer);
    const wait = AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)];
    this.timer = setTimeout(() => this.#reopen(), wait);
  }

  /** End it for good. */
  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.source.close();
  }

  #reopen() {
    clearTimeout(this.timer);
    if (this.closed) return;
    this.source.close();
    this.open();
  }

  /** Called by the page's tick: a stream that says nothing for long is opened anew. */
  watch() {
    if (this.silentMs > 2 * SILENCE_MS && performance.now() - (this.forcedAt ?? 0) > SILENCE_MS) {
      this.forcedAt = performance.now();
      this.#reopen();
    }
  }
}
