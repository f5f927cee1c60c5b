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
const sound = new Sound($("[data-sound]"));
let drawnAt = performance.now();
let timer = 0;
let known = alarms();
let position = 0;
const acknowledging = new Acknowledging(part, { csrf: part.dataset.csrf, unlock: part.dataset.unlock, done: soon });

function alarms() {
  return new Set([...part.querySelectorAll("[data-alarm]")].map((a) => a.dataset.alarm));
}

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
  sound.want($("[data-loudest]")?.dataset.loudest ?? "");
  if (fresh.length) {
    const box = part.querySelector(`[data-alarm="${fresh[0]}"]`);
    $("[data-spoken-alarm]").textContent = box.textContent.replace(/\s+/g, " ");
  }
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
  const words = stale ? `DATA STALE: nothing heard for ${minutesSeconds(stream.silentMs)}. Go and look; the bedside monitors go on.` : "";
  if (!words) banner.replaceChildren();
  else {
    banner.firstElementChild ?? banner.append(Object.assign(document.createElement("div"), { className: "linkstate" }));
    banner.firstElementChild.textContent = words;
  }
  if (performance.now() - drawnAt > LONGEST_MS) soon();
}

setInterval(link, 1000);
sound.want($("[data-loudest]")?.dataset.loudest ?? "");
document.documentElement.dataset.drawn = "board";
