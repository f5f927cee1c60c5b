// Entries that somebody else confirms at this screen, by their own e-mail and PIN, and the lines of
// the drug ledger. Both need the network: they never wait in the queue, and nothing of them is kept
// here. Where no answer came, sending the same again is the same entry, so it is stored once.
const PATIENCE_MS = 12_000;

export class Signing {
  constructor({ config, store, askPin, toast }) {
    Object.assign(this, { config, store, askPin, toast });
    this.unanswered = new Map();
  }

  /** The second person recomputes the dose. */
  async asSecond(entry, form) {
    const fate = await this.#send(this.config.urls.dose_check, entry, new FormData(form), "A second signature needs the network. Try again.");
    if (fate.stored) this.toast(`Recomputed by ${fate.event.actor_name}.`);
    return fate;
  }

  /** A line of the ledger, before a witness where one is asked for. */
  async toLedger(entry, form) {
    const said = JSON.stringify([entry.kind, entry.body, entry.supersedes]);
    const again = this.unanswered.get(said) ?? entry;
    const fate = await this.#send(this.config.urls.ledger, again, new FormData(form), "A ledger entry needs the network and never waits here. Press again: it is stored once, however often it is sent.");
    if (fate.lost) this.unanswered.set(said, again);
    else this.unanswered.delete(said);
    return fate;
  }

  async #send(url, entry, given, without) {
    let answer;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.config.csrf },
        body: JSON.stringify({ ...entry, email: given.get("email") ?? "", pin: given.get("pin") ?? "" }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      answer = await response.json();
      if (response.status === 401 && answer.code === "locked") {
        this.askPin();
        return { refused: true, problem: { detail: "Enter your own PIN first, then send this again." } };
      }
      if (response.status >= 500) return { refused: true, lost: true, problem: { detail: "The server could not store this.", what_to_do: without } };
      if (!response.ok) return { refused: true, problem: answer };
    } catch {
      return { refused: true, lost: true, problem: { detail: "No answer from the server.", what_to_do: without } };
    }
    this.store.receive([answer.event]);
    return { stored: true, event: answer.event };
  }
}
