// The spoken twin of the chart: every entry as a line one can open, and the readings as a table.
import { clockTime } from "../clock.js";
import { say, when } from "./words.js";

const COLUMNS = [
  ["Pressure", (b) => (b.sbp_mmhg === undefined && b.dbp_mmhg === undefined ? null : `${b.sbp_mmhg ?? "?"}/${b.dbp_mmhg ?? "?"}`)],
  ["Heart", (b) => b.heart_rate_bpm],
  ["SpO₂", (b) => b.spo2_percent],
  ["Breathing", (b) => b.respiratory_rate_per_min],
  ["Dissociation", (b) => b.dissociation_0_10],
  ["Sedation", (b) => b.moaas],
  ["Nausea", (b) => b.nausea_0_10],
];
const SIGNS = { alarm_raised: "bell", alarm_escalated: "bell", alarm_acknowledged: "ok" };
const MOST_ROWS = 120;

function cell(tag, text, label) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (label) element.dataset.label = label;
  return element;
}

function opener(event, text, onOpen) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "entry-link";
  button.textContent = text;
  button.addEventListener("click", () => onOpen(event));
  return button;
}

/** Fill the table of readings, newest first. */
export function showTable(body, timeline, onOpen) {
  const rows = [...timeline.observations].reverse();
  const drawn = rows.slice(0, MOST_ROWS).map((event) => {
    const row = document.createElement("tr");
    row.classList.toggle("waiting", Boolean(event.waiting));
    const head = document.createElement("th");
    head.scope = "row";
    head.append(opener(event, when(event), onOpen));
    row.append(head);
    for (const [label, read] of COLUMNS) {
      const value = read(event.body);
      const td = cell("td", value === undefined || value === null ? "" : String(value), label);
      td.className = "num";
      row.append(td);
    }
    const words = [...(event.body.symptoms ?? []).map((s) => s.replaceAll("_", " ")), event.body.note, ...flags(event)];
    row.append(cell("td", words.filter(Boolean).join(", "), "Also"));
    row.append(cell("td", by(event), "By"));
    return row;
  });
  body.replaceChildren(...drawn);
  body.closest("section").querySelector("[data-more-rows]").hidden = rows.length <= MOST_ROWS;
}

function flags(event) {
  const words = { surprising: "look again", old: "old value", clock_corrected: "monitor clock corrected", assigned: "assigned by hand", questionable: "questionable" };
  return (event.body.flags ?? []).map((flag) => words[flag]).filter(Boolean);
}

function by(event) {
  if (event.waiting) return "waiting to be sent";
  return event.via === "monitor" ? "monitor" : event.actor_name;
}

/** Fill the list of entries, newest first; corrected and struck ones stay and show it. */
export function showList(list, timeline, checks, onOpen) {
  const gone = new Map();
  for (const e of timeline.events) if (e.supersedes) gone.set(e.supersedes, e);
  const shown = timeline.events
    .filter((e) => e.kind !== "void" && !(e.kind === "observation" && e.via === "monitor" && !gone.has(e.id)))
    .sort((a, b) => b.at - a.at || (b.position || Infinity) - (a.position || Infinity));
  list.replaceChildren(...shown.map((event) => {
    const row = document.createElement("li");
    const time = cell("time", when(event));
    time.dateTime = event.happened_at;
    const main = document.createElement("div");
    main.append(opener(event, say(event, checks), onOpen));
    const next = gone.get(event.id);
    const small = document.createElement("small");
    small.textContent = event.waiting ? "waiting to be sent"
      : [event.via === "monitor" ? "monitor" : event.actor_name, late(event), next && (next.kind === "void" ? `struck out: ${next.body.reason}` : `corrected ${clockTime(Date.parse(next.recorded_at ?? next.happened_at))}`)].filter(Boolean).join(" · ");
    main.append(small);
    row.classList.toggle("superseded", Boolean(next));
    row.classList.toggle("waiting", Boolean(event.waiting));
    row.dataset.kind = event.kind;
    if (event.kind === "alarm_raised" || event.kind === "alarm_escalated") row.dataset.level = event.body.level;
    if (SIGNS[event.kind]) row.dataset.sign = SIGNS[event.kind];
    row.append(time, main);
    return row;
  }));
}

/** When it was entered, where that is more than two minutes after it happened. */
function late(event) {
  if (!event.recorded_at) return "";
  const recorded = Date.parse(event.recorded_at);
  return recorded - event.at > 120_000 ? `entered ${clockTime(recorded)}` : "";
}
