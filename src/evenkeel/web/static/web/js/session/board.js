// The chair board draws itself anew from the server when something happened, at most once a second.
import { minutesSeconds } from "../clock.js";
import { Acknowledging } from "./acknowledging.js";
import { Sound } from "./sound.js";
import { SILENCE_MS, Stream } from "./stream.js";

const $ = (selector, root = document) => root.querySelector(selector);
const LEAST_MS = 1000;
/** Minutes and countdowns grow old without events, too. */
const LONGEST_MS = 30_000;
const part = $("[data-board]");
const sound = new Sound(showSound);
const SOUND_WORDS = { off: "Sound on here", blocked: "Press: sound on here", on: "Sound is on here" };
/** Pause between soundings of a link or a watch that died. */
const DEAD_EVERY_MS = 8000;
let drawnAt = performance.now();
let timer = 0;
let known = alarms();
let position = 0;
const acknowledging = new Acknowledging(part, { csrf: part.dataset.csrf, unlock: part.dataset.unlock, done: soon });

/** Each open alarm, and each step it has gone, is a word of its own. */
function alarms() {
  return new Set([...part.querySelectorAll("[data-alarm]")].map((a) => `${a.dataset.alarm} ${a.dataset.calls}`));
}

function showSound() {
  const button = $("[data-sound]");
  if (!sound) return;
  button.setAttribute("aria-pressed", String(sound.state === "on"));
  $("[data-sound-words]", button).textContent = SOUND_WORDS[sound.state];
  if (sound.played) button.dataset.played = sound.played;
}

$("[data-sound]").addEventListener("click", () => sound.turn(sound.state !== "on"));

function soon() {
  if (timer) return;
  timer = setTimeout(refresh, Math.max(0, LEAST_MS - (performance.now() - drawnAt)));
}

async function refresh() {
  timer = 0;
  drawnAt = performance.now();
  try {
    const response = await fetch(part.dataset.part, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!response.ok) return;
    const focused = document.activeElement?.closest?.("a[href]")?.getAttribute("href");
    const pressing = document.activeElement?.closest?.("[data-acknowledge]")?.closest("[data-alarm]").dataset.alarm;
    const inside = part.contains(document.activeElement);
    part.innerHTML = await response.text();
    acknowledging.show();
    if (inside && pressing) (part.querySelector(`[data-alarm="${CSS.escape(pressing)}"] button`) ?? $("#main")).focus();
    else if (inside && focused) part.querySelector(`a[href="${CSS.escape(focused).replaceAll("\\", "")}"]`)?.focus();
    part.dataset.draws = Number(part.dataset.draws ?? 0) + 1;
    heard();
  } catch {
    // the stream's silence says it
  }
}

function heard() {
  const now = alarms();
  const fresh = [...now].filter((id) => !known.has(id));
  known = now;
  sounds();
  if (fresh.length) {
    const box = part.querySelector(`[data-alarm="${fresh[0].split(" ")[0]}"]`);
    $("[data-spoken-alarm]").textContent = box.textContent.replace(/\s+/g, " ");
  }
}

function whatIsDead() {
  if (stream.silentMs > SILENCE_MS) return `DATA STALE: nothing heard for ${minutesSeconds(stream.silentMs)}. Go and look; the bedside monitors go on.`;
  const { health } = stream;
  const gone = health && (health.watcher_age_s === null || health.watcher_age_s > Number(part.dataset.watcherSilent));
  return gone ? "The alarm watch is not running: late vitals raise no alarm and nobody is called for one that stands. Look at every chair and call the administrator." : "";
}

/** What is heard here: the worst open alarm, or that the link or the watch has died. */
function sounds() {
  const { loudest = "", repeat = "0" } = $("[data-loudest]")?.dataset ?? {};
  const loud = loudest === "hold" || loudest === "emergency";
  const dead = part.querySelector("[data-session-live]") && whatIsDead();
  sound.want(loud ? loudest : dead ? "hold" : "", loud ? Number(repeat) * 1000 : DEAD_EVERY_MS);
}

const stream = new Stream({ url: part.dataset.stream, after: () => position, names: ["session_event", "board_event"] });
stream.addEventListener("event", ({ detail }) => {
  if (detail.position > position) position = detail.position;
  soon();
});
stream.addEventListener("open", soon);

function link() {
  stream.watch();
  const stale = stream.silentMs > SILENCE_MS;
  document.body.classList.toggle("stale", stale);
  $("[data-live]").classList.toggle("lost", stale);
  $("[data-live-words]").textContent = stale ? "DATA STALE" : `Live, ${Math.round(stream.silentMs / 1000)} s ago`;
  const banner = $("#link-state");
  const words = whatIsDead();
  if (!words) banner.replaceChildren();
  else {
    banner.firstElementChild ?? banner.append(Object.assign(document.createElement("div"), { className: "linkstate" }));
    banner.firstElementChild.textContent = words;
  }
  sounds();
  if (performance.now() - drawnAt > LONGEST_MS) soon();
}

setInterval(link, 1000);
showSound();
sounds();
document.documentElement.dataset.drawn = "board";
