// Acknowledging an alarm on the board: one press, under the name of who is signed in, stored once
// however often it is sent. What is under way or failed is said again whenever the board is redrawn.
import { serverNow } from "../clock.js";
import { newActId } from "../form.js";

const PATIENCE_MS = 12_000;
const NO_ANSWER = "No answer from the server. Press again.";

export class Acknowledging {
  constructor(part, { csrf, unlock, done }) {
    Object.assign(this, { part, csrf, unlock, done });
    /** Alarm -> {id, at, busy, words}: the same id and time again, so that a repeat is the same act. */
    this.acts = new Map();
    part.addEventListener("click", (event) => {
      const button = event.target.closest("[data-acknowledge]");
      if (button) this.#press(button.closest("[data-alarm]").dataset.alarm, button.dataset.acknowledge);
    });
  }

  /** Write on the boxes that stand there now how their acknowledging goes. */
  show() {
    for (const [alarm, { busy, words }] of this.acts) {
      const box = this.part.querySelector(`[data-alarm="${CSS.escape(alarm)}"]`);
      if (!box) continue;
      const button = box.querySelector("[data-acknowledge]");
      button.setAttribute("aria-disabled", String(busy));
      button.textContent = busy ? "Acknowledging…" : "Acknowledge";
      box.querySelector(".alarm-fate").textContent = words;
    }
  }

  async #press(alarm, url) {
    const act = this.acts.get(alarm) ?? { id: newActId(), at: new Date(serverNow()).toISOString() };
    if (act.busy) return;
    this.#tell(alarm, act, true, "");
    const { refused, locked } = await this.#send(alarm, url, act);
    if (locked) location.assign(`${this.unlock}?next=${encodeURIComponent(location.pathname + location.search)}`);
    this.#tell(alarm, act, false, refused);
    this.done();
  }

  #tell(alarm, act, busy, words) {
    this.acts.set(alarm, Object.assign(act, { busy, words }));
    this.show();
  }

  async #send(alarm, url, { id, at }) {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.csrf },
        body: JSON.stringify({ id, kind: "alarm_acknowledged", happened_at: at, body: { alarm_event: alarm } }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      // stored, or somebody else was quicker: either way the board drawn anew says it
      if (response.ok || response.status === 409) return { refused: "" };
      if (response.status === 401) return { refused: "Enter your PIN to act.", locked: true };
      if (response.status >= 500 || response.status === 429) return { refused: NO_ANSWER };
      return { refused: (await response.json()).detail ?? NO_ANSWER };
    } catch {
      return { refused: NO_ANSWER };
    }
  }
}
