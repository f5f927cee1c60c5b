// Entries made here go to the server one after the other, in the order they were made. One that
// cannot be sent waits in memory only (nothing of a patient rests in the browser), is counted on the
// screen, and is sent again under the same id, so that it is stored exactly once.
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 10_000;
const PATIENCE_MS = 12_000;

export class Queue extends EventTarget {
  constructor({ url, csrf, store, locked = false }) {
    super();
    this.url = url;
    this.csrf = csrf;
    this.store = store;
    this.entries = [];
    this.busy = false;
    this.locked = locked;
    this.wait = FIRST_WAIT_MS;
    this.timer = 0;
    window.addEventListener("online", () => this.hurry());
    window.addEventListener("beforeunload", (event) => {
      if (this.entries.length) event.preventDefault();
    });
  }

  get count() {
    return this.entries.length;
  }

  /** Add an entry. The promise tells its fate: {stored, event}, {journalled}, {refused, problem} or {waiting}. */
  add(entry) {
    const kept = { ...entry, settle: null };
    const fate = new Promise((settle) => { kept.settle = settle; });
    this.entries.push(kept);
    if (!entry.secret) this.store.expect(entry);
    this.#changed();
    this.hurry();
    return fate;
  }

  /** Try now rather than later. */
  hurry() {
    clearTimeout(this.timer);
    this.wait = FIRST_WAIT_MS;
    this.#pump();
  }

  /** Acting is allowed again. */
  unlock() {
    this.locked = false;
    this.hurry();
  }

  /** Drop an entry that was never stored. */
  drop(id) {
    this.entries = this.entries.filter((entry) => entry.id !== id);
    this.store.forget(id);
    this.#changed();
  }

  async #pump() {
    if (this.busy || !this.entries.length) return;
    if (this.locked) {
      this.entries.at(-1).settle({ waiting: true });
      this.dispatchEvent(new CustomEvent("locked"));
      return;
    }
    this.busy = true;
    const entry = this.entries[0];
    const answer = await this.#send(entry);
    this.busy = false;
    if (answer.later) {
      entry.settle({ waiting: true });
      this.timer = setTimeout(() => this.#pump(), this.wait);
      this.wait = Math.min(LONGEST_WAIT_MS, this.wait * 2);
      this.#changed();
      return;
    }
    if (answer.locked) {
      this.locked = true;
      entry.settle({ waiting: true });
      this.dispatchEvent(new CustomEvent("locked", { detail: answer.problem }));
      this.#changed();
      return;
    }
    this.wait = FIRST_WAIT_MS;
    this.entries = this.entries.filter((other) => other !== entry);
    if (answer.stored?.status === "journalled") {
      // the record cannot be written just now; the stop stands in the journal and will follow
      entry.settle({ journalled: true });
    } else if (answer.stored) {
      this.store.receive([answer.stored.event, ...(answer.stored.raised ?? [])]);
      entry.settle({ stored: true, event: answer.stored.event });
    } else {
      this.store.forget(entry.id);
      entry.settle({ refused: true, problem: answer.problem });
      this.dispatchEvent(new CustomEvent("refused", { detail: { entry, problem: answer.problem } }));
    }
    this.#changed();
    this.#pump();
  }

  async #send(entry) {
    const { id, kind, happened_at, body, supersedes } = entry;
    let response;
    try {
      response = await fetch(entry.url ?? this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.csrf },
        body: JSON.stringify({ id, kind, happened_at, body, supersedes: supersedes ?? null }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (response.status >= 500 || response.status === 429) return { later: true };
      const answer = await response.json();
      if (response.ok) return { stored: answer };
      if (response.status === 401) return { locked: true, problem: answer };
      return { problem: answer };
    } catch {
      return { later: true };
    }
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("count"));
  }
}
