// What a list of events says: phase, drug, last values, alarms, what is due. Pure functions; the
// same reading as the server's timeline, so that an entry made without a network counts at once.
import { accountOf } from "./account.js";
import { standing } from "./store.js";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DOSES = new Set(["injection", "oral_dose", "device"]);
const DRUG = new Set([...DOSES, "infusion_start", "rate_change", "pause", "resume", "infusion_stop"]);
const LEVELS = ["inform", "review", "hold", "emergency"];
const level = (alarm) => LEVELS.indexOf(alarm.body.level);
/** A dose may differ from the plan by this much, for rounding (as on the server). */
const SLACK_MG = 0.05;
/** What is compared with its value before the dose. */
const VITALS = ["sbp_mmhg", "dbp_mmhg", "map_mmhg", "heart_rate_bpm", "spo2_percent"];

/** Fold the drug events, in the order they happened, into what was given and what runs. */
export function foldDrug(events) {
  const drug = {
    pumps: [], stretches: [], doses: [], devices: [], plannedMg: null, rate: 0, rateMl: null,
    startedAt: null, endedAt: null, running: false, paused: false, since: null,
  };
  const close = (at) => {
    if (drug.running && at > drug.since) {
      const stretch = { start: drug.since, end: at, rate: drug.rate };
      drug.stretches.push(stretch);
      drug.pumps.at(-1).stretches.push(stretch);
    }
    drug.since = at;
  };
  const ended = (at) => { drug.endedAt = Math.max(drug.endedAt ?? at, at); };
  for (const { kind, at, body } of events) {
    const infusing = drug.running || drug.paused;
    if (DOSES.has(kind)) {
      drug.doses.push({ at, mg: body.dose_mg, kind, number: body.number, where: body.body_site, source: body.container_id ?? "" });
      if (kind === "device") drug.devices.push({ at, number: body.number });
      drug.startedAt ??= at;
      ended(at);
    } else if (kind === "infusion_start" && !infusing) {
      drug.startedAt ??= at;
      drug.rate = body.rate_mg_per_h;
      drug.rateMl = body.rate_ml_per_h ?? null;
      drug.plannedMg = body.planned_mg == null ? null : infused(drug, at) + body.planned_mg;
      drug.pumps.push({ plannedMg: body.planned_mg ?? null, source: body.container_id ?? "", stretches: [] });
      drug.running = true;
      drug.since = at;
    } else if (kind === "rate_change" && infusing) {
      close(at);
      drug.rate = body.rate_mg_per_h;
      drug.rateMl = body.rate_ml_per_h ?? null;
    } else if (kind === "pause" && drug.running) {
      close(at);
      drug.running = false;
      drug.paused = true;
    } else if (kind === "resume" && drug.paused) {
      drug.rate = body.rate_mg_per_h || drug.rate;
      drug.rateMl = body.rate_ml_per_h ?? drug.rateMl;
      drug.running = true;
      drug.paused = false;
      drug.since = at;
    } else if (kind === "infusion_stop" && infusing) {
      close(at);
      drug.running = drug.paused = false;
      ended(at);
    }
  }
  return drug;
}

const runMg = (s, now) => (s.rate * Math.max(0, Math.min(now, s.end) - s.start)) / HOUR;

/** What the pump has given: each start at most what it was set to, however late it was stopped. */
function infused(drug, now) {
  return drug.pumps.reduce((sum, pump) => sum + pumpMg(drug, pump, now), 0);
}

function pumpMg(drug, pump, now) {
  const open = drug.running && pump === drug.pumps.at(-1) ? [{ start: drug.since, end: now, rate: drug.rate }] : [];
  const mg = [...pump.stretches, ...open].reduce((part, s) => part + runMg(s, now), 0);
  return pump.plannedMg === null ? mg : Math.min(mg, pump.plannedMg);
}

/** Milligrams given by a moment. */
export function givenMg(drug, now) {
  return infused(drug, now) + drug.doses.reduce((sum, d) => sum + (d.at <= now ? d.mg : 0), 0);
}

/** When a running pump will have given what it was set to, or null. */
export function runsOutAt(drug) {
  if (!drug.running || drug.plannedMg === null || !(drug.rate > 0)) return null;
  const pump = drug.pumps.at(-1);
  const before = pump.stretches.reduce((sum, s) => sum + (s.rate * (s.end - s.start)) / HOUR, 0);
  return drug.since + (Math.max(0, pump.plannedMg - before) / drug.rate) * HOUR;
}

/** When the next vitals are due (protocol/schedule.py says the same). */
export function nextDue(lastAt, startedAt, endedAt, vitals) {
  const from = lastAt === null ? startedAt : Math.max(lastAt, startedAt);
  const during = vitals.every_min * MINUTE;
  const after = vitals.after_every_min * MINUTE;
  const over = endedAt !== null && from >= endedAt;
  let due = from + (over ? after : during);
  if (endedAt !== null && !over && due > endedAt) due = Math.max(due, Math.min(from + after, endedAt + after));
  for (const minute of vitals.fixed_min) {
    const fixed = startedAt + minute * MINUTE;
    if (from < fixed - vitals.fixed_within_min * MINUTE) due = Math.min(due, fixed);
  }
  return due;
}

function lastOf(observations, name) {
  for (let i = observations.length - 1; i >= 0; i--)
    if (observations[i].body[name] !== undefined) return observations[i];
  return null;
}

function phaseOf(drug, kept, dose) {
  if (kept.some((e) => e.kind === "discharged")) return "closed";
  if (drug.running) return "running";
  if (drug.paused) return "paused";
  if (drug.startedAt === null) return "before_dose";
  // nasal devices of one dose count as one giving
  const sprayed = drug.doses.reduce((sum, d) => sum + (d.kind === "device" ? d.mg : 0), 0);
  return drug.devices.length && dose.dose_mg !== null && sprayed < dose.dose_mg - SLACK_MG ? "running" : "watching";
}

/**
 * Who acknowledges an alarm has seen all that was raised of its kind and is no worse. A correction of
 * the answer changes its words; one that was struck out opens the alarms again.
 */
function alarmsOf(events) {
  const raised = new Map();
  const recorded = events.filter((e) => !e.waiting).sort((a, b) => a.position - b.position);
  const after = new Map(recorded.filter((e) => e.supersedes).map((e) => [e.supersedes, e]));
  for (const event of recorded) {
    if (event.kind === "alarm_raised") raised.set(event.id, { ...event, ack: null, calls: [] });
    if (event.kind === "alarm_escalated") raised.get(event.body.alarm_event)?.calls.push(event);
    if (event.kind !== "alarm_acknowledged" || event.supersedes) continue;
    const answer = answerOf(event, after);
    const named = raised.get(event.body.alarm_event);
    if (!named || !answer) continue;
    for (const alarm of raised.values())
      if (!alarm.ack && alarm.body.key === named.body.key && level(alarm) <= level(named)) alarm.ack = answer;
  }
  return [...raised.values()].sort((a, b) => level(b) - level(a) || b.at - a.at);
}

/** An acknowledgment with its newest words, or null where it was struck out. */
function answerOf(first, after) {
  let newest = first;
  while (after.has(newest.id)) newest = after.get(newest.id);
  return newest.kind === "void" ? null : { ...first, body: newest.body };
}

/** Who is called where an alarm is not answered. */
function secondOf(kept, second) {
  const named = kept.filter((e) => e.body.second_id !== undefined).at(-1)?.body;
  return named ? named.second_name : second;
}

/** Of alarms of one kind the worst stands for all: who acknowledges it has seen the lesser ones. */
function worstOfEach(open) {
  const seen = new Set();
  return open.filter((alarm) => !seen.has(alarm.body.key) && seen.add(alarm.body.key));
}

/** Where the drug went; `promised` counts a pump that runs for all it was set to give. */
export function readAccount(kept, drug, now) {
  // a clock that was set back must not make less of what has ended
  const until = Math.max(now, drug.since ?? 0, drug.endedAt ?? 0);
  const gave = (pump) => pumpMg(drug, pump, until);
  return { account: accountOf(kept, drug, gave), promised: accountOf(kept, drug, gave, true) };
}

/** Read a session. `events` are the store's; `config` the page's; `now` milliseconds. */
export function readTimeline(events, config, now) {
  const kept = standing(events);
  const drug = foldDrug(kept.filter((e) => DRUG.has(e.kind)));
  const observations = kept.filter((e) => e.kind === "observation");
  const last = {};
  for (const name of Object.keys(config.quantities)) last[name] = lastOf(observations, name);
  const before = (e) => drug.startedAt === null || e.at <= drug.startedAt;
  const baseline = {};
  for (const name of VITALS) baseline[name] = lastOf(observations.filter(before), name)?.body[name] ?? null;
  const alarms = alarmsOf(events);
  const checks = new Map();
  for (const e of kept) if (e.kind === "check") checks.set(e.body.name, e);
  // a set of vitals is a blood pressure: a probe alone is no set
  const lastVitalsAt = last.sbp_mmhg?.at ?? null;
  const closed = kept.find((e) => e.kind === "discharged") ?? null;
  const dueAt = drug.startedAt === null || closed ? null
    : nextDue(lastVitalsAt, drug.startedAt, drug.running || drug.paused ? null : drug.endedAt, config.vitals);
  const pending = new Set(events.filter((e) => e.waiting && e.kind === "alarm_acknowledged").map((e) => e.body.alarm_event));
  return {
    events, kept, pending, drug, observations, last, baseline, alarms, checks, lastVitalsAt, dueAt, closed,
    openAlarms: worstOfEach(alarms.filter((a) => !a.ack)),
    phase: phaseOf(drug, kept, config.dose),
    doseCheck: kept.filter((e) => e.kind === "dose_check").at(-1) ?? null,
    discharge: kept.filter((e) => e.kind === "discharge_check").at(-1) ?? null,
    ready: kept.find((e) => e.kind === "ready") ?? null,
    handOver: kept.filter((e) => e.kind === "hand_over").at(-1) ?? null,
    second: secondOf(kept, config.second),
    notes: kept.filter((e) => e.kind === "note"),
    rescue: kept.filter((e) => e.kind === "rescue_medicine"),
    givenMg: givenMg(drug, now),
    ...readAccount(kept, drug, now),
    runsOutAt: runsOutAt(drug),
  };
}
