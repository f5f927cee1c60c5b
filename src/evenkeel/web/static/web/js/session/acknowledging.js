// Answering an alarm outside its session's page: what was done, under the name of who is signed in,
// stored once however often it is sent. What is under way or failed is said again at every redrawing.
import { serverNow } from "../clock.js";
import { newActId } from "../form.js";
import { askWhatWasDone } from "./answering.js";

const PATIENCE_MS = 12_000;
const NO_ANSWER = "No answer from the server. Press again.";

export class Acknowledging {
  constructor(part, { csrf, unlock, done }) {
    Object.assign(this, { part, csrf, unlock, done });
    /** Alarm -> {id, at, said, busy, words}: a repeat of the same is the same act. */
    this.acts = new Map();
    part.addEventListener("click", (event) => {
      const button = event.target.closest("[data-acknowledge]");
      if (button) this.#press(button.closest("[data-alarm]"), button);
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

  async #press(box, button) {
    const { alarm } = box.dataset;
    if (this.acts.get(alarm)?.busy) return;
    // a sign-in that was idle acts only after the PIN: asked for first, so that no word is lost
    if ("locked" in button.dataset) return this.#unlock();
    const kept = this.acts.get(alarm);
    const what = box.querySelector(".alarm-what, .bar-what").textContent.trim();
    const where = box.querySelector("b")?.textContent ?? "";
    const said = await askWhatWasDone({
      what: where ? `${where}: ${what}` : what, choices: JSON.parse(button.dataset.choices),
      must: "must" in button.dataset, said: kept?.said,
    });
    if (!said) return;
    const same = kept && JSON.stringify(kept.said) === JSON.stringify(said);
    const act = same ? kept : { id: newActId(), at: new Date(serverNow()).toISOString(), said };
    this.#tell(alarm, act, true, "");
    const { refused, locked } = await this.#send(alarm, button.dataset.acknowledge, act);
    if (locked) this.#unlock();
    this.#tell(alarm, act, false, refused);
    this.done();
  }

  #unlock() {
    location.assign(`${this.unlock}?next=${encodeURIComponent(location.pathname + location.search)}`);
  }

  #tell(alarm, act, busy, words) {
    this.acts.set(alarm, Object.assign(act, { busy, words }));
    this.show();
  }

  async #send(alarm, url, { id, at, said }) {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.csrf },
        body: JSON.stringify({ id, kind: "alarm_acknowledged", happened_at: at, body: { alarm_event: alarm, ...said } }),
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
