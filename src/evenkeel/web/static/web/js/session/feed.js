// Word that one's alarms may have changed, once a browser: of all its pages one holds the stream and
// tells the others, for a browser has few connections to a server and every page wants this one.
import { SILENCE_MS, Stream } from "./stream.js";

export class Feed extends EventTarget {
  constructor({ url, who }) {
    super();
    this.url = url;
    this.heardAt = performance.now();
    this.health = null;
    this.ended = false;
    this.name = `evenkeel-alarms-${who}`;
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(this.name) : null;
    this.channel?.addEventListener("message", ({ data }) => this.#hear(data));
    // without locks (a page that is not served securely) each page keeps a stream of its own
    if (this.channel && navigator.locks) this.#queue();
    else this.#lead();
  }

  /** Milliseconds since anything was heard. */
  get silentMs() {
    return performance.now() - this.heardAt;
  }

  /** Called by the page's tick. */
  watch() {
    this.stream?.watch();
    // the page that leads says nothing: it may be frozen, so this one looks for itself
    if (!this.stream && !this.ended && this.silentMs > SILENCE_MS) this.#lead();
  }

  #queue() {
    const hold = () => new Promise((release) => {
      this.release = release;
      if (this.ended) release();
      else if (!this.stream) this.#lead();
    });
    navigator.locks.request(this.name, hold).catch(() => this.#lead());
  }

  #lead() {
    this.stream = new Stream({ url: this.url, after: () => 0, names: ["alarms"] });
    const tell = (kind, detail = null) => {
      this.channel?.postMessage({ kind, detail });
      this.#hear({ kind, detail });
    };
    this.stream.addEventListener("heartbeat", ({ detail }) => tell("heartbeat", detail));
    this.stream.addEventListener("event", () => tell("changed"));
    this.stream.addEventListener("open", () => tell("changed"));
    this.stream.addEventListener("signed_out", () => this.end());
  }

  #hear({ kind, detail }) {
    this.heardAt = performance.now();
    if (kind === "heartbeat") this.health = detail;
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  /** The sign-in is over: nothing more is asked for. */
  end() {
    this.ended = true;
    this.stream?.close();
    this.release?.();
    this.dispatchEvent(new CustomEvent("end"));
  }
}
