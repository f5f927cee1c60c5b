// What the forecast says beside the data: the next half hour, what if, when the signs are back, and
// why there is none. It silences nothing, and none of it answers a question of the leaving list.
import { clockTime } from "../clock.js";
import { moments } from "./bands.js";
import { el, write } from "./panels.js";

const MINUTE = 60_000;
/** Silence of the forecaster this long, in seconds, is said. As for the alarm watch. */
const SILENT_S = 20;
/** It is made anew every minute; older than this it is drawn faintly, then not at all. */
const OLD_S = 90;
const TOO_OLD_S = 600;
/** A newer reading that is not in it after this long is said. */
const BEHIND_MS = 5000;
const FIELDS = { sbp_mmhg: "sbp", dbp_mmhg: "dbp", heart_rate_bpm: "hr", dissociation_0_10: "dissociation", moaas: "moaas" };
const UNITS = { sbp: " mmHg", dbp: " mmHg", hr: " per min" };
const NAMES = { sbp: "systolic", dbp: "diastolic", hr: "heart rate", dissociation: "dissociation", moaas: "sedation" };
/** A reading this much older than the first of the bands has nothing to be held against. */
const BEFORE_BANDS_MS = 5 * MINUTE;

export class Ahead {
  constructor({ root, config, store, onChange, onEntry, onMeasure, say }) {
    Object.assign(this, { root, config, store, onChange, onEntry, onMeasure, say });
    this.latest = null;
    this.at = [];
    this.chosen = null;
    this.dead = false;
    this.surprised = new Set();
    if (config.forecast) this.receive(config.forecast, true);
    root.addEventListener("change", (event) => {
      if (event.target.name !== "what-if") return;
      this.chosen = event.target.value;
      this.onChange();
    });
  }

  /** Take a forecast; an older one than that which stands is passed over. */
  receive(forecast, quiet = false) {
    if (this.latest && forecast.serial <= this.latest.serial) return;
    this.latest = forecast;
    this.at = forecast.state === "shown" ? moments(forecast) : [];
    for (const odd of forecast.surprises ?? []) {
      if (!quiet && !this.surprised.has(odd.event)) this.say(`Does this fit? ${odd.what.join(", ")} at ${clockTime(Date.parse(odd.at))}. Check the person, the sensor and the entry.`);
      this.surprised.add(odd.event);
    }
    this.drawn = null;
    if (!quiet) this.onChange();
  }

  /** A heartbeat of the stream told how the forecaster is. */
  heard(health) {
    const age = health.forecaster_age_s;
    this.dead = age === null || age === undefined || age > SILENT_S;
  }

  /** Real seconds since it was made, whatever the clock's speed. */
  ageS(now) {
    return (now - Date.parse(this.latest.made_at)) / 1000 / this.config.clock_speed;
  }

  /** What the chart draws, or null. */
  shown(now) {
    if (this.latest?.state !== "shown" || this.ended(now)) return null;
    const age = this.ageS(now);
    if (age > TOO_OLD_S) return null;
    const option = this.latest.options.find((o) => o.name === this.ghostName());
    return { forecast: this.latest, at: this.at, ghost: option ?? null, faded: age > this.#oldS() };
  }

  ended() {
    return this.phase === "closed" || this.phase === "abandoned";
  }

  /** The way on that is drawn dotted: what was chosen, else a pause. */
  ghostName() {
    const names = (this.latest?.options ?? []).map((o) => o.name);
    const name = names.includes(this.chosen) ? this.chosen : names.includes("pause") ? "pause" : names[0];
    return name === names[0] ? null : name;
  }

  #oldS() {
    return Math.max(15, OLD_S / this.config.clock_speed);
  }

  /** Write the panel anew where something changed. */
  show(timeline, now) {
    this.phase = timeline.phase;
    const panel = this.root;
    panel.hidden = this.ended() || !this.latest;
    if (panel.hidden && !this.latest && this.dead && !this.ended()) panel.hidden = false;
    if (panel.hidden) return;
    const state = this.#state(now);
    const key = JSON.stringify([state, this.latest?.serial, this.chosen, this.dead, timeline.phase]);
    if (key !== this.drawn) {
      this.drawn = key;
      this.#redraw(this.#parts(state, timeline));
    }
    const note = panel.querySelector("[data-forecast-age]");
    if (note) write(note, this.#ageWords(timeline, now));
    this.#showLevel(state, now);
  }

  /** Put new parts in place of the old; what was unfolded and where the keyboard is stay. */
  #redraw(parts) {
    const panel = this.root;
    const open = panel.querySelector("details")?.open ?? false;
    const held = panel.contains(document.activeElement) ? document.activeElement : null;
    const keep = held?.dataset.keep;
    panel.replaceChildren(...parts);
    const fold = panel.querySelector("details");
    if (fold) fold.open = open;
    if (!held) return;
    panel.tabIndex = -1;
    (panel.querySelector(`[data-keep="${keep}"]`) ?? panel).focus({ preventScroll: true });
  }

  #state(now) {
    if (!this.latest) return "dead";
    if (this.latest.state !== "shown") return this.latest.state;
    return this.ageS(now) > TOO_OLD_S ? "old" : "shown";
  }

  #parts(state, timeline) {
    if (state === "shown") return [...this.#odd(), this.#table(timeline), this.#foot()];
    const words = {
      none: [`No forecast. ${this.latest?.words ?? ""}`, this.latest?.what_to_do],
      shadow: ["The forecast for this product is being tried out here: it is made and scored, and not shown until the medical director has seen how well it does.", ""],
      old: ["The last forecast is too old to show.", this.dead ? "The forecaster does not answer. It is started again by itself; the session does not need it." : ""],
      dead: ["No forecast: the forecaster does not answer.", "It is started again by itself; the session does not need it."],
    }[state];
    return [el("div.between", el("h2", "Next 30 minutes")), el("p.quiet", words[0]), words[1] ? el("p.quiet", words[1]) : ""].filter(Boolean);
  }

  /** Readings that hardly anybody explains, before they are believed. */
  #odd() {
    return this.latest.surprises.map((odd) => {
      const box = el("section.odd");
      box.setAttribute("aria-label", "A reading that does not fit");
      box.append(el("b", `Does this fit? ${odd.what.join(", ")}, ${clockTime(Date.parse(odd.at))}`),
        el("p", "Hardly anybody like this person would read so here. Look at the person, then the cuff or probe, then the entry."));
      const event = this.store.byId.get(odd.event);
      const foot = el("div.odd-foot");
      if (event) foot.append(button("Open the entry", `open-${odd.event}`, () => this.onEntry(event)));
      foot.append(button("Measure again", `again-${odd.event}`, () => this.onMeasure()));
      box.append(foot);
      return box;
    });
  }

  #table(timeline) {
    const options = this.latest.options;
    const choice = options.length > 1;
    const table = el("table");
    const head = el("tr");
    for (const words of ["", "Peak systolic", "Chance review", "Chance hold", "Signs back"]) {
      const [first, second] = words.split(" ");
      const cell = words ? el("th.num", `${first} `, document.createElement("br"), second) : el("th", el("span.vh", "Way on"));
      cell.scope = "col";
      head.append(cell);
    }
    const body = el("tbody");
    const ghost = this.ghostName();
    options.forEach((option, i) => {
      const row = el(i ? (option.name === ghost ? "tr.ghost" : "tr") : "tr.current");
      const name = el("th");
      name.scope = "row";
      name.append(choice ? this.#radio(option, i, ghost) : option.label);
      row.append(name, el("td.num", String(option.peak_sbp_mmhg)), el("td.num", percent(option.any.review)),
        el("td.num.strong", percent(option.any.hold)), el("td.num", readyWords(option.ready, Date.parse(this.latest.as_of))));
      row.title = option.words;
      body.append(row);
    });
    table.append(el("thead", head), body);
    const title = timeline.phase === "before_dose" ? "If it were begun now" : choice ? "Next 30 minutes, if you" : "Next 30 minutes";
    const mark = el("span.src.derived", "forecast");
    const box = el("div.whatif", el("div.between", el("h2", title), mark), table);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", title);
    return box;
  }

  #radio(option, i, ghost) {
    const label = el("label.way");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "what-if", value: option.name, checked: ghost ? option.name === ghost : !i });
    input.dataset.keep = `way-${option.name}`;
    input.setAttribute("aria-description", option.words);
    label.append(input, el(`span.dot${i ? (option.name === ghost ? ".dash" : "") : ".on"}`), el("span", option.label));
    return label;
  }

  #foot() {
    const f = this.latest;
    const box = el("div.forecast-foot");
    const parts = [];
    if (f.learned) parts.push(`Learned from ${f.readings} ${f.readings === 1 ? "reading" : "readings"}${f.sessions_before ? ` today and ${f.sessions_before} earlier ${f.sessions_before === 1 ? "session" : "sessions"}` : " today"}. Systolic at ${clockTime(Date.parse(f.learned.at))}: ${f.learned.now.join(" to ")} (90 %); before them, ${f.learned.before.join(" to ")}.`);
    if (f.waits) parts.push("What earlier sessions taught is still being worked out.");
    box.append(el("p.quiet", parts.join(" ")));
    const age = el("p.faint");
    age.dataset.forecastAge = "";
    box.append(age);
    for (const line of f.unreliable ?? []) box.append(el("p.not-reliable", line));
    box.append(this.#how());
    return box;
  }

  #how() {
    const f = this.latest;
    const box = el("details.fold");
    const summary = el("summary", "How this is made, and each chance");
    summary.dataset.keep = "how";
    box.append(summary);
    const list = el("ul.lines");
    for (const line of f.lines) {
      const chance = f.options[0].chance[line.name];
      list.append(el("li", el("span", line.words), el("span.strong", percent(chance))));
    }
    if (f.options.length > 1) box.append(el("p.small", f.options.map((o) => `${o.label}: ${o.words}`).join(" ")));
    box.append(el("p.small", `Chance that one of the readings due in the next 30 min (every ${f.every_min} min) is there, if nothing changes. Oxygen and breathing have no model: nothing is said of them.`), list);
    const trust = { validated: "Validated for this use.", derived: "Derived: put together from several sources.", extrapolated: "Extrapolated: outside what it was made for." }[f.trust.status];
    box.append(el("p.small", `${f.trust.model}. ${trust} ${f.trust.reasons.join("; ")}.`));
    box.append(el("p.small.faint", `${f.people} virtual people, ${f.effective} of them carry the weight; version ${f.version}, seed ${f.seed}. ${f.leave.note} It silences no alarm.`));
    const link = el("a", "How it does here");
    link.href = this.config.urls.calibration;
    link.dataset.keep = "calibration";
    box.append(el("p.small", link));
    return box;
  }

  #ageWords(timeline, now) {
    const parts = [`Made ${clockTime(Date.parse(this.latest.made_at), true)}.`];
    const newest = timeline.observations.filter((e) => !e.waiting).at(-1);
    const since = newest?.recorded_at ? (now - Date.parse(newest.recorded_at)) / this.config.clock_speed : 0;
    if (newest && newest.position > this.latest.position && since > BEHIND_MS) parts.push("Behind: the newest reading is not in it yet.");
    if (this.ageS(now) > this.#oldS()) parts.push("It is older than it should be.");
    if (this.dead) parts.push("The forecaster does not answer; it is started again by itself.");
    return parts.join(" ");
  }

  /** The level in blood as the models have it, beside the drug. */
  #showLevel(state, now) {
    const box = document.querySelector("[data-level]");
    if (!box) return;
    box.hidden = state !== "shown" || this.phase === "before_dose";
    if (box.hidden) return;
    const middle = this.latest.bands.level[2];
    let i = this.at.findIndex((at) => at >= now);
    if (i < 0) i = this.at.length - 1;
    write(box.querySelector("[data-level-now]"), String(Math.round(middle[i])));
    const rest = middle.slice(i);
    const peak = i + rest.indexOf(Math.max(...rest));
    write(box.querySelector("[data-level-to]"), peak > i ? `to ${Math.round(middle[peak])} at ${clockTime(this.at[peak])}` : "falling");
  }

  /** What was expected of a reading at `at`, in words, where the typed one is far from it; else "".
   *  While somebody is typing, a number that is still too short is not asked about. */
  doubt(field, text, at, typing = false) {
    const name = FIELDS[field];
    const shown = this.shown(at);
    const value = Number(text);
    if (!name || !shown || shown.faded || !Number.isFinite(value) || at < this.at[0] - BEFORE_BANDS_MS) return "";
    const i = this.at.findIndex((one) => one >= at);
    if (i < 0) return "";
    const [q05, , q50, , q95] = shown.forecast.bands[name].map((row) => row[i]);
    const [low, high] = [q05 - (q50 - q05) - 2, q95 + (q95 - q50) + 2];
    const [from, to] = [Math.round(q05), Math.round(q95)];
    if ((value >= low && value <= high) || (typing && text.length < String(from).length)) return "";
    return `${NAMES[name]} ${from === to ? from : `${from} to ${to}`}${UNITS[name] ?? ""}`;
  }

  /** Whether a field is read from a device, which may be the one that errs. */
  static isMeasured(field) {
    return FIELDS[field] in UNITS;
  }
}

function button(words, keep, run) {
  const made = el("button.btn.small", words);
  made.type = "button";
  made.dataset.keep = keep;
  made.addEventListener("click", run);
  return made;
}

/** A chance in words: never nothing, never certainty. */
export function percent(chance) {
  if (chance === undefined) return "–"; // the protocol draws no line of this kind
  if (chance < 0.01) return "< 1 %";
  if (chance > 0.99) return "> 99 %";
  return `${Math.round(chance * 100)} %`;
}

/** When the signs are back; "now" where they are so at the moment it was worked out for. */
function readyWords(ready, asOf) {
  if (!ready.middle) return "later";
  return Date.parse(ready.middle) <= asOf ? "now" : clockTime(Date.parse(ready.middle));
}

/** The band of when the signs are back, as a small picture with its words. */
export function showBack(root, ahead, timeline, now) {
  const shown = ahead.shown(now);
  const ready = shown?.forecast.options[0].ready;
  root.hidden = !shown || timeline.phase === "before_dose" || !ready?.low;
  if (root.hidden) return;
  const stay = shown.forecast.leave.earliest;
  const earliest = stay && Date.parse(stay) > now ? stay : null;
  const key = JSON.stringify([ready, earliest, Math.floor(now / MINUTE)]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const low = Date.parse(ready.low);
  const high = ready.high ? Date.parse(ready.high) : null;
  write(root.querySelector("[data-back-at]"), ready.middle ? clockTime(Date.parse(ready.middle)) : "later");
  const words = high ? `Between ${clockTime(low)} and ${clockTime(high)} for 90 of 100 people like this.` : `After ${clockTime(low)}; for some people like this not within 5 hours.`;
  write(root.querySelector("[data-back-words]"), words);
  write(root.querySelector("[data-back-policy]"), earliest ? `Earliest by the protocol’s shortest stay: ${clockTime(Date.parse(earliest))}. Leaving is decided by the checklist alone.` : "Leaving is decided by the checklist alone.");
  const bar = root.querySelector("[data-back-bar]");
  const end = Math.max(high ?? low + 120 * MINUTE, earliest ? Date.parse(earliest) : 0, now + 60 * MINUTE) + 10 * MINUTE;
  const x = (at) => `${(300 * Math.max(0, Math.min(1, (at - now) / (end - now)))).toFixed(1)}`;
  bar.querySelector(".b90").setAttribute("x", x(low));
  bar.querySelector(".b90").setAttribute("width", String(Math.max(2, Number(x(high ?? end)) - Number(x(low)))));
  const middle = bar.querySelector(".med");
  middle.toggleAttribute("hidden", !ready.middle);
  if (ready.middle) for (const end_ of ["x1", "x2"]) middle.setAttribute(end_, x(Date.parse(ready.middle)));
  const policy = bar.querySelector(".policy");
  policy.toggleAttribute("hidden", !earliest);
  if (earliest) for (const end_ of ["x1", "x2"]) policy.setAttribute(end_, x(Date.parse(earliest)));
}
