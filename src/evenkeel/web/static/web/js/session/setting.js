// The room over a session: music, people, what happened, and the steps of the program. It is drawn
// from the same events as the rest; what each says in words stands in setting_words.js.
import { clockTime } from "../clock.js";
import { $, $$ } from "./dialogs.js";
import { el, write } from "./panels.js";
import { settingWords } from "./setting_words.js";
import { standing } from "./store.js";

const HAPPENINGS = new Set(["touch", "stop_word", "intervention", "disturbance"]);
export const SETTING_DIALOGS = {
  setting: "d-room", music: "d-music", person_entered: "d-came", person_left: "d-went", touch: "d-touch",
  stop_word: "d-stop-word", intervention: "d-intervention", disturbance: "d-disturbance",
};
const stretch = (s) => `${clockTime(s.since)}${s.until === null ? " on" : s.until === s.since ? "" : ` to ${clockTime(s.until)}`}`;

function pieces(events) {
  const found = [];
  for (const { body, at } of events) {
    if (body.what === "volume") continue;
    if (found.length && found.at(-1).until === null) found.at(-1).until = at;
    if (body.what !== "stop") found.push({ what: body.title, since: at, until: null });
  }
  return found;
}

function people(events) {
  const found = [];
  for (const { kind, body, at } of events) {
    const here = found.find((p) => p.what === body.name && p.until === null);
    if (kind === "person_entered") { if (!here) found.push({ what: body.name, since: at, until: null }); }
    else if (here) here.until = at;
    else found.push({ what: body.name, since: at, until: at });
  }
  return found;
}

function list(selector, lines, empty) {
  const place = $(selector);
  place.replaceChildren(...(lines.length ? lines.map((words) => el("span", words)) : [empty]));
}

/** What happened in the room as [moment, words], for the drawn timeline. */
export function settingMarks(events) {
  return standing(events)
    .filter((e) => HAPPENINGS.has(e.kind) || (e.kind === "music" && e.body.title))
    .map((e) => [e.at, e.kind === "music" ? `“${e.body.title}”` : settingWords(e)]);
}

/** Draw the room and the steps as the events say. */
export function showSetting(events) {
  const root = $("#room");
  if (!root) return;
  const { items } = JSON.parse($("#room-data").textContent);
  const kept = standing(events);
  const music = pieces(kept.filter((e) => e.kind === "music"));
  const present = people(kept.filter((e) => e.kind.startsWith("person_")));
  const room = Object.assign({}, ...kept.filter((e) => e.kind === "setting").map((e) => e.body.items ?? {}));
  const happened = kept.filter((e) => HAPPENINGS.has(e.kind));
  list("[data-room-music]", music.map((m) => `${stretch(m)} “${m.what}”`), "nothing noted");
  list("[data-room-people]", present.map((p) => `${p.what}, ${stretch(p)}`), "nobody noted");
  list("[data-room-items]", Object.keys(items).filter((key) => room[key]).map((key) => `${items[key]}: ${room[key]}`), "not described");
  list("[data-room-happened]", happened.map((e) => `${clockTime(e.at)} ${settingWords(e)}`), "nothing noted");
  const now = music.find((m) => m.until === null);
  write($("[data-room-say]"), [now && `“${now.what}” plays`, happened.length && `${happened.length} noted`].filter(Boolean).join(" · "));
  showSteps(kept.filter((e) => e.kind === "guide_step"));
}

function showSteps(told) {
  const done = new Map();
  for (const { body, at } of told) body.done ? done.set(body.step, at) : done.delete(body.step);
  let next = true;
  for (const row of $$("[data-guide] > li")) {
    const at = done.get(row.dataset.step);
    const button = $("button", row);
    button.setAttribute("aria-pressed", String(at !== undefined));
    row.classList.toggle("done", at !== undefined);
    row.classList.toggle("next", at === undefined && next);
    if (at === undefined) next = false;
    write($("[data-step-at]", row), at === undefined ? "" : `Done ${clockTime(at)}.`);
  }
}

/** A press marks a step as done, or opens it again. */
export function startSetting(act, may) {
  for (const button of $$("[data-step-done]")) {
    button.disabled = !may(button.dataset.permission);
    button.addEventListener("click", () => {
      act("guide_step", { step: button.dataset.stepDone, done: button.getAttribute("aria-pressed") !== "true" });
    });
  }
}
