// The events of one session as this browser knows them: those the server told of, and those entered
// here that still wait to be sent. The screen is a function of this list and of nothing else.

// Order of events of one instant: what starts comes before what ends (as on the server).
const RANK = {
  drawn: -1, infusion_start: 0, device: 1, injection: 1, oral_dose: 1, resume: 2, rate_change: 3, pause: 4,
  infusion_stop: 5, wasted: 6, put_back: 6, ready: 8, discharged: 9,
};
const rank = (event) => RANK[event.kind] ?? 7;

function asHappened(a, b) {
  return a.at - b.at || rank(a) - rank(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** The events that were neither corrected nor voided, in the order they happened. */
export function standing(events) {
  const gone = new Set(events.filter((e) => e.supersedes).map((e) => e.supersedes));
  return events.filter((e) => e.kind !== "void" && !gone.has(e.id)).sort(asHappened);
}

export class Store extends EventTarget {
  constructor(events) {
    super();
    this.byId = new Map();
    this.waiting = new Map();
    this.position = 0;
    for (const event of events) this.#take(event);
  }

  #take(event) {
    const known = this.byId.get(event.id);
    this.byId.set(event.id, { ...event, at: Date.parse(event.happened_at) });
    this.waiting.delete(event.id);
    if (event.position > this.position) this.position = event.position;
    return !known;
  }

  /** Take events from the server; the same one may come by several ways and counts once. */
  receive(events) {
    const fresh = events.filter((event) => this.#take(event));
    if (fresh.length) this.#tell(fresh);
  }

  /** Show an entry before the server has it. */
  expect(entry) {
    this.waiting.set(entry.id, { ...entry, at: Date.parse(entry.happened_at), waiting: true });
    this.#tell([]);
  }

  /** Take back an entry that the server refused or the person dropped. */
  forget(id) {
    if (this.waiting.delete(id)) this.#tell([]);
  }

  get events() {
    return [...this.byId.values(), ...this.waiting.values()];
  }

  #tell(fresh) {
    this.dispatchEvent(new CustomEvent("change", { detail: { fresh } }));
  }
}
