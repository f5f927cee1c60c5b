// One's own alarms on every staff page, and on the page to watch from: shown, sounded again and again
// until somebody has said what was done, and honest about what it cannot do.
import { minutesSeconds, serverNow } from "../clock.js";
import { Acknowledging } from "./acknowledging.js";
import { Feed } from "./feed.js";
import { Sound } from "./sound.js";
import { SILENCE_MS } from "./stream.js";

const $ = (selector, root = document) => root.querySelector(selector);
const LEAST_MS = 500;
/** A change that no word came of is found after this long. */
const LONGEST_MS = 30_000;
/** Pause between soundings of a link or a watch that died. */
const DEAD_EVERY_MS = 8000;
const SOUND_WORDS = {
  off: "Sound is off on this device",
  blocked: "Sound waits for a press on this page",
  on: "Sound is on",
};

class Mine {
  constructor(root) {
    this.root = root;
    this.part = $("[data-mine-part]", root);
    this.always = "always" in root.dataset;
    this.here = location.pathname.match(/^\/sessions\/([0-9a-f-]{36})$/)?.[1] ?? "";
    this.spoken = new Set();
    this.drawnAt = -Infinity;
    this.timer = 0;
    this.title = document.title;
    this.sound = new Sound(() => this.#showSound());
    this.acknowledging = new Acknowledging(this.part, { csrf: root.dataset.csrf, unlock: root.dataset.unlock, done: () => this.soon() });
    this.feed = new Feed({ url: root.dataset.stream, who: root.dataset.who });
    this.feed.addEventListener("changed", () => this.soon());
    this.feed.addEventListener("end", () => this.stop());
    $("[data-sound-on]", root).addEventListener("click", () => this.sound.turn(true));
    $("[data-sound-off]", root).addEventListener("click", () => this.sound.turn(false));
    $("[data-sound-test]", root).addEventListener("click", () => this.sound.test());
    this.beat = setInterval(() => this.#tick(), 1000);
    this.#showSound();
    this.soon();
  }

  soon() {
    if (this.timer || this.feed.ended) return;
    this.timer = setTimeout(() => this.#refresh(), Math.max(0, LEAST_MS - (performance.now() - this.drawnAt)));
  }

  stop() {
    clearInterval(this.beat);
    clearTimeout(this.timer);
    this.sound.want("", 0);
    const live = Number($("[data-mine]", this.part)?.dataset.live);
    this.part.replaceChildren();
    this.root.hidden = !(this.always || live);
    this.#dead("The sign-in has ended: no alarm reaches this device. Sign in again.");
  }

  async #refresh() {
    this.timer = 0;
    this.drawnAt = performance.now();
    try {
      const response = await fetch(this.root.dataset.part, { headers: { Accept: "text/html" }, redirect: "error" });
      if (response.ok) this.#draw(await response.text());
      else if (response.status === 401 || response.status === 403) this.feed.end();
    } catch {
      // the stream's silence says it
    }
  }

  #draw(text) {
    if (text !== this.text) {
      const inside = this.part.contains(document.activeElement);
      const box = document.activeElement?.closest?.("[data-alarm]")?.dataset.alarm;
      this.text = text;
      this.part.innerHTML = text;
      // the session's own page shows its alarms itself; they sound all the same
      for (const alarm of this.part.querySelectorAll("[data-alarm]")) alarm.hidden = alarm.dataset.session === this.here;
      for (const since of this.part.querySelectorAll("[data-since]")) since.textContent = minutesSeconds(serverNow() - Date.parse(since.dataset.since));
      if (inside) ($(`[data-alarm="${CSS.escape(box ?? "")}"] button`, this.part) ?? $("#main")).focus();
    }
    this.acknowledging.show();
    this.#tick();
  }

  /** What is said and sounded follows from what stands there and from the state of the link. */
  #tick() {
    this.feed.watch();
    const mine = $("[data-mine]", this.part);
    const { live = "0", loudest = "", repeat = "0", next = "" } = mine?.dataset ?? {};
    const alarms = [...this.part.querySelectorAll("[data-alarm]")];
    const dead = this.always || Number(live) || alarms.length ? this.#whatIsDead() : "";
    this.#dead(dead);
    const level = loudest || (dead ? "hold" : "");
    this.sound.want(level, loudest ? Number(repeat) * 1000 : DEAD_EVERY_MS);
    this.root.dataset.loudest = level;
    if (!this.always) this.root.hidden = !(alarms.length || Number(live) || dead);
    this.#speak(alarms);
    const first = alarms.find((a) => a.dataset.sounds === "yes");
    document.title = first ? `${loudest === "emergency" ? "EMERGENCY" : "HOLD"} ${$("b", first).textContent} · ${this.title}` : this.title;
    const due = next && Date.parse(next) <= serverNow();
    const old = performance.now() - this.drawnAt > (due ? LEAST_MS * 4 : LONGEST_MS);
    if (old && (due || Number(live) || alarms.length || this.always)) this.soon();
  }

  #whatIsDead() {
    const silent = this.feed.silentMs;
    if (silent > SILENCE_MS) return `No alarm can reach this device: nothing heard from the server for ${minutesSeconds(silent)}. Go to the chair; the bedside monitors go on.`;
    const { health } = this.feed;
    const limit_s = Number(this.root.dataset.watcherSilent);
    if (health && (health.watcher_age_s === null || health.watcher_age_s > limit_s))
      return "The alarm watch is not running: late vitals raise no alarm and no call is written down. Stay at the chair and call the administrator.";
    return "";
  }

  #dead(words) {
    const line = $("[data-mine-dead]", this.root);
    if ($("span", line).textContent !== words) $("span", line).textContent = words;
    line.hidden = !words;
    const link = $("[data-mine-live]", this.root);
    if (!link) return;
    const lost = this.feed.silentMs > SILENCE_MS;
    link.classList.toggle("lost", lost);
    $("span", link).textContent = lost ? "NO LINK" : `Live, ${Math.round(this.feed.silentMs / 1000)} s ago`;
  }

  /** Each alarm is spoken once, and once more when it goes a step further; not at every sounding. */
  #speak(alarms) {
    const said = [];
    for (const alarm of alarms) {
      const key = `${alarm.dataset.alarm} ${alarm.dataset.step}`;
      if (alarm.dataset.sounds !== "yes" || this.spoken.has(key)) continue;
      this.spoken.add(key);
      const words = [".bar-head .alarm", ".bar-head b", ".bar-what", ".bar-called"].map((s) => $(s, alarm)?.textContent.trim());
      said.push(words.filter(Boolean).join(". "));
    }
    if (said.length) $("[data-mine-spoken]").textContent = said.join(" ");
  }

  #showSound() {
    const { root, sound } = this;
    if (!sound) return;
    const box = $("[data-sound-state]", root);
    box.dataset.soundState = sound.state;
    $("[data-sound-words]", root).textContent = SOUND_WORDS[sound.state];
    $("[data-sound-on]", root).hidden = sound.state === "on";
    $("[data-sound-test]", root).hidden = $("[data-sound-off]", root).hidden = sound.state !== "on";
    root.dataset.sounded = sound.played;
  }
}

/** Keep the screen of a carried phone on, where the browser can; say which it is. */
function keepAwake(words) {
  const cannot = "This browser cannot keep the screen on: set the phone not to lock, and keep this page open.";
  const hold = async () => {
    if (document.hidden) return;
    try {
      await navigator.wakeLock.request("screen");
      words.textContent = "The screen stays on while this page is open.";
    } catch {
      words.textContent = cannot;
    }
  };
  hold();
  document.addEventListener("visibilitychange", hold);
}

for (const root of document.querySelectorAll("[data-mine-root]")) new Mine(root);
const wake = $("[data-wake]");
if (wake) keepAwake(wake);
