// The live session: what the server told of, what was entered here, and the screen that follows.
import { clockTime, minutesSeconds, serverNow } from "../clock.js";
import { newActId } from "../form.js";
import { LEDGER } from "./account.js";
import { Ahead, showBack } from "./ahead.js";
import { askWhatWasDone } from "./answering.js";
import { Chart } from "./chart.js";
import { $, $$, Dialogs } from "./dialogs.js";
import { DrugAccount } from "./drug.js";
import { showList, showTable } from "./entries.js";
import { watchForDoubt } from "./doubt.js";
import { chartLimits } from "./limits.js";
import { Link } from "./link.js";
import * as panels from "./panels.js";
import { Queue } from "./queue.js";
import { Signing } from "./signing.js";
import { SETTING_DIALOGS, settingMarks, showSetting, startSetting } from "./setting.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";
import { givenMg, readAccount, readTimeline } from "./timeline.js";
import { ago, doneWords, number, say } from "./words.js";

const config = JSON.parse($("#session-data").textContent);
const checkLabels = Object.fromEntries(config.checks.map((c) => [c.name, c.label]));
for (const [code, words] of Object.entries(config.done)) doneWords.set(code, words);
const store = new Store(config.events);
const queue = new Queue({ url: config.urls.events, csrf: config.csrf, store, locked: config.locked });
const stream = new Stream({ url: config.urls.stream, after: () => store.position, names: ["session_event", "forecast"] });
const chart = new Chart($("[data-timeline]"), openEntry);
const dialogs = new Dialogs({ send });
const ahead = new Ahead({
  root: $("[data-panel=ahead]"), config, store, onChange: () => draw(), onEntry: openEntry,
  onMeasure: () => dialogs.open("d-vitals"), say: (words) => say_(words),
});
watchForDoubt($$("form[data-kind=observation]"), ahead, (form) => dialogs.happenedAt(form));
const link = new Link({ config, queue, stream, dialogs });
const signing = new Signing({ config, store, askPin: () => link.askPin(), toast });
const drugAccount = new DrugAccount({ config, dialogs });
const DIALOG_OF = {
  observation: "d-vitals", note: "d-note", infusion_start: "d-start", rate_change: "d-rate", resume: "d-resume",
  injection: "d-injection", oral_dose: "d-oral", device: "d-device", rescue_medicine: "d-rescue", pause: "d-pause",
  infusion_stop: "d-stop", check: "d-checks", dose_check: "d-dose-check", ...SETTING_DIALOGS,
};
/** Kinds that are acts of a moment and cannot be corrected. */
const FIXED = new Set(["alarm_raised", "alarm_escalated", "hand_over", "second_person", "ready", "discharged", "discharge_check", "opened", "check", "dose_check", "guide_step"]);
let timeline;

function may(what) {
  return config.may.includes(what);
}

function send(entry, form = null) {
  if (form?.dataset.second) return signing.asSecond(entry, form);
  if (form?.dataset.ledger) return signing.toLedger(entry, form);
  return queue.add({ ...entry, actor_name: config.me.name });
}

/** Record something that needs no dialog. */
async function act(kind, body, said) {
  const fate = await send({ id: newActId(), kind, happened_at: new Date(serverNow()).toISOString(), body });
  if (fate.stored && said) toast(said);
  return fate;
}

// ---- drawing ----

function draw() {
  const now = serverNow();
  timeline = readTimeline(store.events, config, now);
  timeline.marks = settingMarks(store.events);
  document.body.dataset.phase = timeline.phase;
  ahead.show(timeline, now);
  chart.show(timeline, {
    limits: chartLimits(timeline, config), now, ahead: ahead.shown(now),
    planEnd: timeline.runsOutAt ?? timeline.drug.endedAt, plannedMg: timeline.drug.plannedMg,
  });
  showTable($("[data-readings]"), timeline, openEntry);
  showList($("[data-entries]"), timeline, checkLabels, openEntry);
  panels.showLeaving($("[data-panel=leaving]"), timeline, null);
  showSetting(store.events);
  write("[data-phase-word]", { before_dose: "Before dose", running: config.product.device_mg ? "Dosing" : "Drug running", paused: "Paused", watching: "Watching", closed: timeline.account.agrees || config.ledger !== "here" ? "Closed" : "Drug to account for" }[timeline.phase]);
  write("[data-nurse]", timeline.handOver?.body.to_name ?? config.nurse);
  write("[data-second-name]", timeline.second || "nobody named");
  for (const name of $$("[data-second-name]")) name.classList.toggle("nobody", !timeline.second);
  showButtons();
  light(now);
}

/** What changes with time alone. */
function light(now) {
  timeline.givenMg = givenMg(timeline.drug, now);
  panels.showFigures(timeline, now);
  panels.showAlarms($("[data-panel=alarms]"), timeline, { mayAcknowledge: may("session.acknowledge"), onAcknowledge: acknowledge, pending: timeline.pending });
  const due = panels.showDue($("[data-panel=due]"), timeline, config, now);
  panels.showDose($("[data-panel=dose]"), timeline, config, now);
  drugAccount.show(Object.assign(timeline, readAccount(timeline.kept, timeline.drug, now)));
  panels.showChecks($("[data-panel=checks]"), timeline, config, now);
  ahead.show(timeline, now);
  showBack($("[data-panel=back]"), ahead, timeline, now);
  write("[data-act-note=vitals]", timeline.dueAt === null ? lastWords(timeline.lastVitalsAt, now) : timeline.dueAt < now ? `overdue by ${due.slice(1)}` : `due in ${due}`);
  write("[data-act-note=dissociation]", scoreNote("dissociation_0_10", now));
  write("[data-act-note=sedation]", scoreNote("moaas", now));
  write("[data-act-note=note]", timeline.notes.length ? `${timeline.notes.length} so far` : "words, symptoms");
  write("[data-act-note=rescue]", timeline.rescue.length ? `${timeline.rescue.length} given` : "name, dose, route");
  if (config.product.device_mg) {
    const wait = panels.nextDeviceAt(timeline, config) - now;
    write("[data-act-note=device]", !timeline.drug.devices.length ? `${config.product.device_mg} mg each` : wait > 0 ? `in ${minutesSeconds(wait)}` : "may be given");
    write("[data-device-wait]", timeline.drug.devices.length && wait > 0 ? `The next device is due in ${minutesSeconds(wait)}.` : "");
  }
  link.show();
}


const lastWords = (at, now) => (at === null ? "none yet" : ago(now - at));

function scoreNote(name, now) {
  const event = timeline.last[name];
  return event ? `${event.body[name]} · ${ago(now - event.at)}` : "not asked yet";
}

function write(selector, text) {
  for (const element of $$(selector)) panels.write(element, text);
}

function showButtons() {
  const { phase, drug } = timeline;
  const infusing = phase === "running" || phase === "paused";
  const show = {
    start: phase === "before_dose" && config.product.is_infusion,
    rate: infusing && config.product.is_infusion,
    pause: phase === "running" && config.product.is_infusion,
    resume: phase === "paused",
    stop: infusing && config.product.is_infusion,
    device: Boolean(config.product.device_mg) && (phase === "before_dose" || phase === "running"),
    injection: ["intramuscular", "subcutaneous"].includes(config.product.route) && phase !== "closed" && (phase === "before_dose" || timeline.givenMg < (config.dose.dose_mg ?? 0)),
    oral: ["oral", "sublingual"].includes(config.product.route) && phase !== "closed" && (phase === "before_dose" || timeline.givenMg < (config.dose.dose_mg ?? 0)),
    checks: phase === "before_dose",
    leave: phase === "watching",
    abandon: phase === "before_dose",
  };
  for (const button of $$("[data-act]")) {
    if (button.dataset.act in show) button.hidden = !show[button.dataset.act];
    button.disabled = !may(button.dataset.permission);
  }
  $("[data-act=vitals]").classList.toggle("main", !show.leave && phase !== "before_dose");
  for (const button of $$("[data-main]")) button.classList.toggle("main", !button.hidden);
  write("[data-act-note=rate]", drug.rate ? `${number(drug.rate)} mg/h` : "");
  write("[data-act-note=leave]", timeline.ready ? "ready: record leaving" : "checklist");
  write("[data-device-next]", `Device ${drug.devices.length + 1}`);
  for (const panel of $$("[data-panel=checks] button")) panel.disabled = !may(panel.dataset.permission);
}

// ---- entries ----

function toast(words, action = null) {
  const line = panels.el("div.message.success", panels.el("span", words));
  if (action) {
    const button = panels.el("button.btn.small", action.label);
    button.type = "button";
    button.addEventListener("click", () => { line.remove(); action.run(); });
    line.append(button);
  }
  $("#toasts").append(line);
  setTimeout(() => line.remove(), action ? 12_000 : 5000);
}

const say_ = (words) => { $("[data-spoken]").textContent = words; };

function openEntry(event) {
  const next = store.events.find((e) => e.supersedes === event.id);
  const dialog = $("#d-entry");
  write("[data-entry-what]", say(event, checkLabels));
  write("[data-entry-when]", clockTime(event.at, true));
  write("[data-entry-recorded]", event.recorded_at ? clockTime(Date.parse(event.recorded_at), true) : "waiting to be sent");
  write("[data-entry-by]", event.via === "monitor" ? "Bedside monitor" : event.actor_name);
  write("[data-entry-via]", { screen: "this screen", monitor: "monitor port", paper: "paper, afterwards", watcher: "alarm watch" }[event.via] ?? event.via ?? "this screen");
  write("[data-entry-flags]", [...(event.body.flags ?? []).map((f) => f.replaceAll("_", " ")), event.raw_time && `time as sent ${event.raw_time}`].filter(Boolean).join(", "));
  write("[data-entry-next]", next ? (next.kind === "void" ? `Struck out: ${next.body.reason}, ${next.actor_name}` : `Corrected to: ${say(next, checkLabels)}, ${next.actor_name}`) : "");
  const before = event.supersedes && store.events.find((e) => e.id === event.supersedes);
  write("[data-entry-before]", before ? `Corrects: ${say(before, checkLabels)}, ${before.actor_name}` : "");
  const open = !next && !event.waiting && !FIXED.has(event.kind);
  const isLine = LEDGER.has(event.kind);
  const changes = event.kind === "alarm_acknowledged" ? "session.acknowledge" : isLine ? "session.draw" : "session.record";
  $("[data-correct]").hidden = isLine;
  for (const part of $$("[data-witness-part]", dialog)) part.hidden = !isLine;
  $("[data-entry-change]", dialog).hidden = !open || !may(changes);
  dialogs.open("d-entry");
  dialog.dataset.event = event.id;
}

$("[data-correct]").addEventListener("click", () => {
  const event = store.byId.get($("#d-entry").dataset.event);
  $("#d-entry").close();
  if (event.kind === "alarm_acknowledged") {
    const alarm = timeline.alarms.find((a) => a.id === event.body.alarm_event);
    return void answer(alarm, event);
  }
  const id = event.kind === "observation" && event.body.sbp_mmhg === undefined && event.body.heart_rate_bpm === undefined
    ? event.body.moaas !== undefined ? "d-sedation" : "d-dissociation" : DIALOG_OF[event.kind];
  dialogs.open(id, { correct: event });
});
$("#d-entry form").addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const reason = new FormData(submitted.target).get("reason").trim();
  if (!reason) return $('[name="reason"]', submitted.target).focus();
  const target = $("#d-entry").dataset.event;
  const entry = { id: newActId(), kind: "void", happened_at: new Date(serverNow()).toISOString(), body: { reason }, supersedes: target };
  if (LEDGER.has(store.byId.get(target)?.kind)) {
    const line = await signing.toLedger(entry, submitted.target);
    const box = $("[data-problem]", submitted.target);
    box.hidden = !line.refused;
    if (line.refused) return void (box.textContent = [line.problem.detail, line.problem.what_to_do].filter(Boolean).join(" "));
    return $("#d-entry").close();
  }
  $("#d-entry").close();
  const fate = await send(entry);
  if (fate.refused) toast(fate.problem.detail);
});

const acknowledge = (alarm) => answer(alarm);

/** Say what was done about an alarm, or say it anew where `earlier` is the answer to correct. */
async function answer(alarm, earlier = null) {
  const { key, level, statement, value } = alarm.body;
  const said = await askWhatWasDone({
    title: earlier ? "What was done, corrected" : "What was done?",
    what: value && !statement.includes(value) ? `${statement}, ${value}` : statement,
    choices: config.answers[key] ?? config.answers[key.split(".")[0]] ?? config.answers[""],
    must: config.must_say.includes(level),
    said: earlier?.body,
  });
  if (!said) return;
  const fate = await send({
    id: newActId(), kind: "alarm_acknowledged", happened_at: new Date(serverNow()).toISOString(),
    body: { alarm_event: alarm.id, ...said }, supersedes: earlier?.id ?? null,
  });
  if (fate.stored) say_(`Acknowledged: ${statement}`);
}

// ---- the action bar ----

const PREPARE = {
  start: () => dialogs.open("d-start", { values: startValues() }) && showOpenItems("d-start"),
  resume: () => dialogs.open("d-resume", { values: { rate_mg_per_h: timeline.drug.rate, rate_ml_per_h: timeline.drug.rateMl ?? undefined } }),
  rate: () => dialogs.open("d-rate", { values: { rate_mg_per_h: timeline.drug.rate, rate_ml_per_h: timeline.drug.rateMl ?? "" } }),
  injection: () => dialogs.open("d-injection", { values: { dose_mg: leftMg() } }) && showOpenItems("d-injection"),
  oral: () => dialogs.open("d-oral", { values: { dose_mg: leftMg() } }) && showOpenItems("d-oral"),
  device: () => dialogs.open("d-device") && prepareDevice(),
  checks: () => dialogs.open("d-checks") && showCheckStates(),
  pause: pauseNow,
  leave: openLeaving,
  draw: () => drugAccount.open("d-draw", { amount_mg: leftToDraw() }),
  waste: () => drugAccount.open("d-waste"),
  "put-back": () => drugAccount.open("d-put-back"),
};

const leftMg = () => Number(Math.max(0, (config.dose.dose_mg ?? 0) - timeline.givenMg).toFixed(2));

/** What is given and not drawn; else what the dose needs beyond what is given and in hand. */
function leftToDraw() {
  const { account, promised } = timeline;
  const needed = (config.dose.dose_mg ?? 0) - (promised.given + promised.rest) / 1000;
  return Number((account.undrawn / 1000 || Math.max(0, needed)).toFixed(3));
}

function startValues() {
  const { rate_mg_per_h, rate_ml_per_h, duration_min, dose_mg } = config.dose;
  return { rate_mg_per_h, rate_ml_per_h, duration_min, planned_mg: dose_mg };
}

function showOpenItems(id) {
  const box = $(`#${id} [data-open-items]`);
  if (!box) return;
  const open = timeline.drug.startedAt === null ? panels.openBeforeDose(timeline, config, serverNow()) : [];
  const doseMg = config.product.device_mg ?? leftMg();
  open.push(...drugAccount.openBeforeDose(doseMg));
  drugAccount.askUndrawn(id, doseMg);
  box.hidden = !open.length;
  $("ul", box)?.replaceChildren(...open.map((words) => panels.el("li", words)));
}

function prepareDevice() {
  const next = timeline.drug.devices.length + 1;
  $("#d-device [name=number]").value = next;
  const early = panels.nextDeviceAt(timeline, config) > serverNow();
  $("#d-device [data-early]").hidden = !early;
  showOpenItems("d-device");
}

async function pauseNow() {
  const fate = await act("pause", {});
  if (fate.refused) return toast(fate.problem.detail);
  const event = fate.event;
  toast("Paused. Set the pump to hold as well.", event && { label: "Struck out: not paused", run: () => openEntry(store.byId.get(event.id)) });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-act]");
  if (!button || button.disabled || button.dataset.press) return;
  const name = button.dataset.act;
  if (PREPARE[name]) PREPARE[name]();
  else dialogs.open(button.dataset.dialog);
});
$("[data-act=stop]")?.addEventListener("press:done", async () => {
  const fate = await act("infusion_stop", {});
  if (fate.refused) toast(fate.problem.detail);
  else toast("Stop recorded. Stop the pump as well.");
});

// ---- checks before the dose ----

function showCheckStates() {
  for (const row of $$("#d-checks [data-check]")) {
    const event = timeline.checks.get(row.dataset.check);
    const state = event === undefined ? "" : String(event.body.ok);
    for (const button of $$("button[data-ok]", row)) button.setAttribute("aria-pressed", String(button.dataset.ok === state));
    panels.write($("[data-check-by]", row), event ? `${clockTime(event.at)}, ${event.waiting ? "waiting to be sent" : event.actor_name}` : "");
  }
}

$("#d-checks")?.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-ok]");
  if (!button) return;
  const row = button.closest("[data-check]");
  const note = $("input", row)?.value.trim();
  const body = { name: row.dataset.check, ok: button.dataset.ok === "true" };
  if (note) body.note = note;
  act("check", body);
});

// ---- leaving ----

function openLeaving() {
  showVerdict();
  dialogs.open("d-leave", { values: timeline.discharge?.body ?? {} });
}

function showVerdict() {
  const box = $("#d-leave [data-verdict]");
  const check = timeline.discharge;
  box.hidden = !check;
  if (check) {
    const words = { discharge: "May leave", hold: "Not yet", escalate: "A clinician must look now" }[check.body.disposition];
    panels.write($("[data-verdict-word]", box), words);
    box.className = `verdict-box ${check.body.disposition}`;
    $("ul", box).replaceChildren(...(check.body.items ?? []).filter((i) => i.state !== "met").map((item) => panels.el("li", panels.el("b", item.label ?? item.id), panels.el("span", item.note ?? ""))));
    panels.write($("[data-verdict-at]", box), `Judged ${clockTime(check.at)} from these answers and the session's readings`);
  }
  const met = check?.body.disposition === "discharge";
  $("#d-leave [data-ready-part]").hidden = !check || Boolean(timeline.ready);
  $("#d-leave [data-override]").hidden = met;
  $("#d-leave [data-left-part]").hidden = !timeline.ready;
  $("#d-leave [data-early-part]").hidden = Boolean(timeline.ready) || met;
}

$("[data-leave-early]").addEventListener("click", () => {
  $("#d-leave").close();
  const open = (timeline.discharge?.body.items ?? []).filter((item) => item.state !== "met");
  $("#d-early [data-early-missing]").replaceChildren(...open.map((item) => panels.el("li", panels.el("b", item.label ?? item.id), panels.el("span", item.note ?? ""))));
  $("#d-early [data-early-unasked]").hidden = Boolean(timeline.discharge);
  dialogs.open("d-early");
});

document.addEventListener("entry:stored", (event) => {
  if (event.target.dataset.after !== "verdict") return;
  showVerdict();
  $("#d-leave [data-verdict]").focus();
});
for (const form of $$("#d-leave form[data-kind=ready]"))
  form.addEventListener("entry:stored", () => showVerdict());

// ---- what comes in ----

store.addEventListener("change", (event) => {
  draw();
  if ($("#d-checks").open) showCheckStates();
  for (const fresh of event.detail.fresh) announce(fresh);
});
queue.addEventListener("refused", ({ detail: { entry, problem } }) => {
  const id = entry.kind === "observation" ? "d-vitals" : entry.body.early ? "d-early" : DIALOG_OF[entry.kind];
  // while its dialog is still open the dialog itself shows this
  if ($("dialog[open] form[data-kind]")?.dataset.kind === entry.kind) return;
  if (id && !$("dialog[open]")) dialogs.open(id, { entry, problem });
  else toast(`${say(entry, checkLabels)}: ${problem.detail ?? "not stored"}`);
});
stream.addEventListener("event", ({ detail }) => (detail.kind ? store.receive([detail]) : ahead.receive(detail)));
stream.addEventListener("heartbeat", ({ detail }) => ahead.heard(detail));
stream.addEventListener("open", () => queue.hurry());
stream.addEventListener("reload", async () => {
  const response = await fetch(config.urls.view, { headers: { Accept: "application/json" } });
  if (response.ok) store.receive((await response.json()).events);
});

/** New alarms and values are spoken; an alarm at once, the rest when there is time. */
function announce(event) {
  if (event.kind === "alarm_raised") speakAlarm(event);
  else if (event.kind === "alarm_escalated") $("[data-spoken-alarm]").textContent = say(event, checkLabels);
  else if (event.kind !== "observation" || event.via !== "monitor") say_(`${clockTime(Date.parse(event.happened_at))}: ${say(event, checkLabels)}`);
}

/** Alarms that come together are spoken together, the worst first. */
let together = [];
function speakAlarm(event) {
  const now = performance.now();
  together = [...together.filter((one) => now - one.heardAt < 3000), { ...event, heardAt: now }];
  const worst = ["emergency", "hold", "review", "inform"];
  const sorted = [...together].sort((a, b) => worst.indexOf(a.body.level) - worst.indexOf(b.body.level));
  $("[data-spoken-alarm]").textContent = sorted.map(({ body }) => `${body.level}: ${body.statement}. ${body.look_at ?? ""}`).join(" ");
}

let beat = 0;
setInterval(() => {
  stream.watch();
  light(serverNow());
  if (beat++ % 5 === 0) chart.tick(serverNow(), ahead.shown(serverNow()));
}, config.clock_speed > 1 ? 500 : 1000);

startSetting(act, may);
draw();
if (location.hash === "#checks" && timeline.phase === "before_dose") PREPARE.checks();
if (location.hash === "#account") $("#account")?.scrollIntoView({ block: "center" });
if (location.hash === "#leave" && timeline.phase === "watching") openLeaving();
document.documentElement.dataset.drawn = "session";
