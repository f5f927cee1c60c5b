// Everything beside the chart: figures, alarms, what is due, the dose, checks, leaving.
import { clockTime, minutesSeconds } from "../clock.js";
import { ago, number, saidDone, signed } from "./words.js";

const MINUTE = 60_000;
/** A figure older than this is drawn quieter: it may no longer be so. */
const OLD_MS = 20 * MINUTE;

const $ = (selector, root = document) => root.querySelector(selector);

export function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function iconOf(name) {
  const holder = $(`#icons [data-icon="${name}"]`);
  return holder ? holder.firstElementChild.cloneNode(true) : document.createTextNode("");
}

/** Make an element: el("p.quiet", "text") or el("div", child, child). */
export function el(spec, ...children) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  element.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return element;
}

function source(mark, title) {
  const kind = { sourced: "sourced", derived: "derived" }[mark] ?? (mark === "clinic policy" ? "policy" : "unverified");
  return el(`span.src.${kind}`, title);
}

/** The large figures, each with its time and its change from before the dose. */
export function showFigures(timeline, now) {
  for (const lane of document.querySelectorAll("[data-figure]")) {
    const fields = lane.dataset.figure.split(" ");
    const event = timeline.last[fields[0]] ?? timeline.last[fields[1]];
    const value = $("[data-value]", lane);
    const values = fields.map((f) => (event && event.body[f] !== undefined ? number(event.body[f]) : null));
    if (!event) {
      value.classList.add("unknown");
      write(value, "not yet");
    } else {
      value.classList.remove("unknown");
      value.classList.toggle("old", now - event.at > OLD_MS);
      const text = values.map((v) => v ?? "?").join("/");
      if (value.dataset.shown !== text) {
        value.dataset.shown = text;
        value.replaceChildren(...values.flatMap((v, i) => (i ? [el("i", "/"), v ?? "?"] : [v ?? "?"])));
      }
    }
    showNote(lane, fields, event, timeline, now);
  }
}

function showNote(lane, fields, event, timeline, now) {
  const taken = $("[data-taken]", lane);
  const change = $("[data-change]", lane);
  if (taken) {
    const how = !event ? "" : event.waiting ? "not sent yet" : event.via === "monitor" ? "monitor" : lane.dataset.how ?? "";
    write(taken, event ? [clockTime(event.at), how, now - event.at > OLD_MS ? "old" : ""].filter(Boolean).join(", ") : "");
  }
  if (!change) return;
  const base = fields.map((f) => timeline.baseline[f] ?? null);
  const dosed = timeline.drug.startedAt !== null && event && event.at > timeline.drug.startedAt;
  if (!dosed || base.some((b) => b === null) || fields.some((f) => event.body[f] === undefined)) {
    change.replaceChildren();
    return;
  }
  const moved = fields.map((f, i) => signed(event.body[f] - base[i])).join("/");
  change.replaceChildren(el("b", moved), ` from ${base.join("/")}`);
}

const LEVEL_WORDS = { inform: "Inform", review: "Review", hold: "Hold", emergency: "Emergency" };

/** Open alarms, worst first, each with the button that a named person presses. */
export function showAlarms(root, timeline, { mayAcknowledge, onAcknowledge, pending }) {
  const open = timeline.openAlarms;
  const told = (a) => `${a.id}${a.calls.length}${a.ack ? saidDone(a.ack.body) : ""}${pending.has(a.id)}`;
  const key = timeline.alarms.map(told).join() + open.length + mayAcknowledge;
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const focused = root.contains(document.activeElement);
  root.replaceChildren(...open.map((alarm) => alarmBox(alarm, mayAcknowledge, onAcknowledge, pending)), ...closedAlarms(timeline));
  if (focused) (root.querySelector("button") ?? $("#main")).focus();
}

function alarmBox(alarm, may, onAcknowledge, pending) {
  const { level, statement, value, look_at, source: from, threshold } = alarm.body;
  const box = el(`section.alarmbox.${level}`);
  box.dataset.alarm = alarm.id;
  box.setAttribute("aria-label", `Open alarm, ${LEVEL_WORDS[level]}`);
  const tag = el(`span.alarm.${level}`, iconOf(level), LEVEL_WORDS[level]);
  box.append(el("span.alarm-head", tag, el("span", `${clockTime(alarm.at, true)} · not acknowledged`)));
  box.append(el("span.alarm-what", value && !statement.includes(value) ? `${statement}, ${value}` : statement));
  if (look_at) box.append(el("span.alarm-do", look_at));
  const call = alarm.calls.at(-1);
  if (call) box.append(el("span.alarm-called", iconOf("bell"), el("span", calledWords(call))));
  const foot = el("div.alarm-foot");
  if (from?.title) foot.append(el("span.srcs", source(from.mark, threshold ? `limit: ${from.title}` : from.title)));
  const button = el("button.btn", pending.has(alarm.id) ? "Acknowledging…" : "Acknowledge");
  button.type = "button";
  button.disabled = !may || pending.has(alarm.id);
  button.addEventListener("click", () => onAcknowledge(alarm));
  foot.append(button);
  box.append(foot);
  return box;
}

function calledWords({ at, body }) {
  if (body.to === "second") return `${body.to_name} called ${clockTime(at, true)}: nobody had answered for ${number(body.after_s, 0)} s`;
  return `Nobody has answered. Everybody at the site called ${clockTime(at, true)}${body.why ? `. ${body.why}` : ""}`;
}

function closedAlarms(timeline) {
  const closed = timeline.alarms.filter((a) => a.ack).sort((a, b) => b.at - a.at).slice(0, 3);
  if (!closed.length) return [];
  const list = el("ul.lines.alarm-past");
  for (const alarm of closed)
    list.append(el("li.block", el("span", `${clockTime(alarm.at)} ${alarm.body.statement}`),
      el("small.faint", [`acknowledged ${clockTime(alarm.ack.at)}, ${alarm.ack.actor_name}`, saidDone(alarm.ack.body)].filter(Boolean).join(": "))));
  return [list];
}

/** The countdown to the next vitals. */
export function showDue(root, timeline, config, now) {
  root.hidden = timeline.dueAt === null;
  if (root.hidden) return "";
  const left = timeline.dueAt - now;
  const late = left < 0;
  const counter = $("[data-due]", root);
  const text = late ? `+${minutesSeconds(-left)}` : minutesSeconds(left);
  write(counter, text);
  counter.classList.toggle("overdue", late);
  const every = timeline.drug.endedAt !== null && timeline.lastVitalsAt >= timeline.drug.endedAt ? config.vitals.after_every_min : config.vitals.every_min;
  write($("[data-due-at]", root), `${late ? "was due " : ""}${clockTime(timeline.dueAt)}, every ${number(every)} min`);
  const bar = $("progress", root);
  bar.max = every * MINUTE;
  bar.value = Math.max(0, Math.min(bar.max, bar.max - left));
  return text;
}

/** What was given and what is to go. */
export function showDose(root, timeline, config, now) {
  const { drug, phase } = timeline;
  root.hidden = drug.startedAt === null;
  if (root.hidden) return;
  const planned = drug.plannedMg ?? config.dose.dose_mg;
  const done = phase === "watching" || phase === "closed";
  write($("[data-given]", root), number(timeline.givenMg, timeline.givenMg < 10 ? 2 : 1));
  write($("[data-planned]", root), planned === null ? "" : `of ${number(planned, 2)} mg`);
  const bar = $("progress", root);
  bar.hidden = planned === null;
  if (planned) {
    bar.max = planned;
    bar.value = Math.min(planned, timeline.givenMg);
  }
  write($("[data-dose-note]", root), doseNote(timeline, config, planned, done, now));
}

function doseNote(timeline, config, planned, done, now) {
  const { drug, runsOutAt, phase } = timeline;
  if (phase === "running") {
    const left = Math.max(0, (planned ?? 0) - timeline.givenMg);
    if (runsOutAt && runsOutAt <= now) return `All given by the pump's figures, ${clockTime(runsOutAt)}. Record the stop.`;
    return `${number(drug.rate)} mg/h, ${number(left, 1)} mg to go${runsOutAt ? `, ends ${clockTime(runsOutAt)}` : ""}`;
  }
  if (phase === "paused") return `Paused since ${clockTime(drug.since)}, ${number(Math.max(0, planned - timeline.givenMg), 1)} mg to go`;
  if (config.product.device_mg && drug.devices.length) {
    const of = config.dose.devices;
    const wait = nextDeviceAt(timeline, config) - now;
    if (of && drug.devices.length < of) return wait > 0 ? `Device ${drug.devices.length} of ${of}; next in ${minutesSeconds(wait)}` : `Device ${drug.devices.length} of ${of}; the next may be given`;
    return `${drug.devices.length} devices, last ${clockTime(drug.endedAt)}`;
  }
  return done && drug.endedAt ? `Ended ${clockTime(drug.endedAt)}, ${ago(now - drug.endedAt)}` : "";
}

/** When the next device may be given, milliseconds. */
export function nextDeviceAt(timeline, config) {
  const last = timeline.drug.devices.at(-1);
  return last ? last.at + config.product.device_gap_min * MINUTE : 0;
}

/** Before the dose: what was asked, and by whom the dose was recomputed. */
export function showChecks(root, timeline, config, now) {
  root.hidden = timeline.phase !== "before_dose";
  if (root.hidden) return;
  const open = openBeforeDose(timeline, config, now);
  const done = config.checks.filter((c) => timeline.checks.get(c.name)?.body.ok === true).length;
  write($("[data-checks-done]", root), `${done} of ${config.checks.length}`);
  const list = $("[data-checks]", root);
  list.replaceChildren(
    ...config.checks.map((check) => {
      const event = timeline.checks.get(check.name);
      return checkLine(check.label, event ? event.body.ok : undefined, event ? [event.body.note, clockTime(event.at)].filter(Boolean).join(", ") : "not asked");
    }),
    checkLine("Dose recomputed by a second person", timeline.doseCheck ? timeline.doseCheck.body.agrees : undefined, timeline.doseCheck ? timeline.doseCheck.actor_name : "not yet"),
    pressureLine(timeline, config, now),
  );
  write($("[data-open-count]", root), open.length ? `${open.length} open before the dose` : "Everything is settled: the dose may start.");
}

function checkLine(label, ok, words) {
  const state = ok === true ? "done" : ok === false ? "missing" : "";
  const line = el(`li${state ? `.${state}` : ""}`, iconOf(ok === true ? "ok" : ok === false ? "missing" : "open"), el("span", label), el("span.faint", words));
  line.append(el("span.vh", ok === true ? ", done" : ok === false ? ", not as it should be" : ", open"));
  return line;
}

function pressureState(timeline, config, now) {
  const event = timeline.last.sbp_mmhg;
  const gate = config.gate;
  if (!event || event.body.dbp_mmhg === undefined) return { ok: undefined, words: "not measured" };
  const words = `${event.body.sbp_mmhg}/${event.body.dbp_mmhg}, ${clockTime(event.at)}`;
  if (now - event.at > gate.max_age_min * MINUTE) return { ok: undefined, words: `${words}, too old` };
  return { ok: event.body.sbp_mmhg <= gate.sbp_mmhg && event.body.dbp_mmhg <= gate.dbp_mmhg, words };
}

function pressureLine(timeline, config, now) {
  const { ok, words } = pressureState(timeline, config, now);
  return checkLine(`Pressure at most ${config.gate.sbp_mmhg}/${config.gate.dbp_mmhg}`, ok, words);
}

/** What still stands between this person and the dose, in words. */
export function openBeforeDose(timeline, config, now) {
  const open = config.checks.filter((c) => timeline.checks.get(c.name)?.body.ok !== true).map((c) => c.label);
  if (!timeline.doseCheck?.body.agrees) open.push("Dose recomputed by a second person");
  const gate = pressureState(timeline, config, now);
  if (gate.ok === undefined) open.push(`Blood pressure of the last ${config.gate.max_age_min} min`);
  else if (!gate.ok) open.push(`Blood pressure ${gate.words} is above ${config.gate.sbp_mmhg}/${config.gate.dbp_mmhg}`);
  return open;
}

/** The leaving criteria as the server last judged them. */
export function showLeaving(root, timeline, judged) {
  root.hidden = !(timeline.phase === "watching" || timeline.phase === "closed");
  if (root.hidden) return;
  const items = judged ?? timeline.discharge?.body.items ?? null;
  const list = $("[data-leaving]", root);
  const head = $("[data-leaving-count]", root);
  const bar = $("progress", root);
  if (timeline.closed) write(head, `${timeline.closed.body.early ? "Left early" : "Left"} ${clockTime(timeline.closed.at)}`);
  else if (timeline.ready) write(head, `Ready since ${clockTime(timeline.ready.at)}`);
  else write(head, items ? `${items.filter((i) => i.state === "met").length} of ${items.length}` : "not judged yet");
  bar.hidden = !items;
  head.classList.toggle("in-words", !items || Boolean(timeline.closed ?? timeline.ready));
  if (!items) return list.replaceChildren(el("li", iconOf("open"), el("span", "Answer the leaving checklist"), el("span.faint", "")));
  bar.max = items.length;
  bar.value = items.filter((i) => i.state === "met").length;
  list.replaceChildren(...items.map((item) => {
    const state = { met: "done", unmet: "missing" }[item.state] ?? "";
    return el(`li${state ? `.${state}` : ""}`, iconOf({ met: "ok", unmet: "missing" }[item.state] ?? "open"), el("span", item.label ?? item.id), el("span.faint", item.note ?? { met: "met", unmet: "not yet", unknown: "not known" }[item.state]));
  }));
}
