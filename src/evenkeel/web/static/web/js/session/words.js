// How events are said: one line each, for the list, the table and the screen reader.
import { clockTime } from "../clock.js";
import { settingWords } from "./setting_words.js";

export const number = (value, places = 1) => {
  const rounded = Number(Number(value).toFixed(places));
  return String(rounded).replace("-", "−");
};

export const signed = (value) => (value > 0 ? `+${number(value)}` : value < 0 ? number(value) : "±0");

/** "2 min ago", short. */
export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 90 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`;
}

const pressure = (b) => (b.sbp_mmhg === undefined && b.dbp_mmhg === undefined ? "" : `${b.sbp_mmhg ?? "?"}/${b.dbp_mmhg ?? "?"} mmHg`);

function reading(b) {
  const parts = [
    pressure(b),
    b.heart_rate_bpm !== undefined && `heart ${b.heart_rate_bpm}`,
    b.spo2_percent !== undefined && `SpO₂ ${b.spo2_percent} %`,
    b.respiratory_rate_per_min !== undefined && `breathing ${b.respiratory_rate_per_min}`,
    b.temperature_c !== undefined && `${b.temperature_c} °C`,
    b.dissociation_0_10 !== undefined && `dissociation ${b.dissociation_0_10}`,
    b.moaas !== undefined && `sedation ${b.moaas}`,
    b.nausea_0_10 !== undefined && `nausea ${b.nausea_0_10}`,
    b.cadss !== undefined && `CADSS ${b.cadss}`,
    b.symptoms?.length && b.symptoms.map((s) => s.replaceAll("_", " ")).join(", "),
    b.note,
  ];
  return parts.filter(Boolean).join(" · ") || "Reading";
}

/** Code of what was done about an alarm -> words; the page fills it. */
export const doneWords = new Map();

/** What an acknowledgment says was done. */
export function saidDone(b) {
  return [...(b.done ?? []).map((code) => doneWords.get(code) ?? code), b.note].filter(Boolean).join("; ");
}

const because = (b) => (b.reason ? `: ${b.reason}` : "");
const rate = (b) => `${number(b.rate_mg_per_h)} mg/h${b.rate_ml_per_h ? `, ${number(b.rate_ml_per_h, 2)} mL/h` : ""}`;

/** A line of the ledger in words. */
function ledgerWords({ kind, body: b }) {
  const verb = { drawn: "drawn from", wasted: "wasted of", put_back: "put back to" }[kind];
  const how = [b.method, b.witness_name && `witnessed by ${b.witness_name}`, b.note].filter(Boolean).join(", ");
  return `${number(b.amount_mg, 3)} mg ${verb} container ${b.label ?? ""}${b.lot ? `, lot ${b.lot}` : ""}${how ? `: ${how}` : ""}`;
}

/** Where a dose was drawn from. */
const sourceWords = (b) => [b.label && `from container ${b.label}`, b.lot && `lot ${b.lot}`, b.given_before_drawn && "given before the draw could be written down"].filter(Boolean).map((words) => `, ${words}`).join("");

/** One event in words. `checks` maps the name of a check to its label. */
export function say(event, checks = {}) {
  const b = event.body;
  switch (event.kind) {
    case "observation": return reading(b);
    case "note": return b.quoted ? `“${b.text}”` : b.text;
    case "infusion_start": return `Infusion started, ${rate(b)}${sourceWords(b)}`;
    case "rate_change": return `Rate now ${rate(b)}${because(b)}`;
    case "pause": return `Paused${because(b)}`;
    case "resume": return `Resumed, ${rate(b)}${because(b)}`;
    case "infusion_stop": return `Infusion stopped${because(b)}`;
    case "injection": return `Injection ${number(b.dose_mg, 2)} mg${b.body_site ? `, ${b.body_site}` : ""}${sourceWords(b)}`;
    case "oral_dose": return `Dose ${number(b.dose_mg, 2)} mg${b.form ? `, ${b.form}` : ""}${sourceWords(b)}`;
    case "device": return `Device ${b.number}, ${number(b.dose_mg)} mg${sourceWords(b)}${because(b)}`;
    case "drawn": case "wasted": case "put_back": return ledgerWords(event);
    case "rescue_medicine": return [b.name, b.dose_mg && `${number(b.dose_mg, 3)} mg`, b.route].filter(Boolean).join(" ") + because(b);
    case "check": return `${checks[b.name] ?? b.name}: ${b.ok === true ? "in order" : b.ok === false ? "a problem" : "not known"}${b.note ? `, ${b.note}` : ""}`;
    case "dose_check": return b.agrees ? `Dose recomputed: ${number(b.dose_mg, 2)} mg, agrees` : "Dose recomputed: does not agree";
    case "alarm_raised": return `${b.statement}${b.value ? ` (${b.value})` : ""}`;
    case "alarm_acknowledged": return `Alarm acknowledged${saidDone(b) ? `: ${saidDone(b)}` : ""}`;
    case "alarm_escalated": return `${b.to === "second" ? `${b.to_name} called` : "Everybody at the site called"}: ${b.statement} not answered for ${number(b.after_s, 0)} s${b.why ? `. ${b.why}` : ""}`;
    case "second_person": return `Second person: ${b.second_name || "nobody"}${because(b)}`;
    case "hand_over": return `Handed over to ${b.to_name ?? "a colleague"}${b.note ? `: ${b.note}` : ""}`;
    case "discharge_check": return `Leaving checklist: ${{ discharge: "may leave", hold: "not yet", escalate: "a clinician must look" }[b.disposition] ?? "answered"}`;
    case "ready": return `Ready to leave${b.override_reason ? `, against the checklist: ${b.override_reason}` : ""}`;
    case "discharged": return b.early ? `Left before ready, with ${b.early.accompanied_by || "nobody"}` : `Left${b.escort ? ` with ${b.escort}` : ""}`;
    case "void": return `Struck out: ${b.reason}`;
    case "opened": return "Session opened";
    default: return settingWords(event) || event.kind.replaceAll("_", " ");
  }
}

export const when = (event) => clockTime(event.at);
