// The voice of alarms on this device: off until somebody turns it on here, for a browser sounds only
// after a press. A hold or an emergency is repeated until it is answered; a review is never sounded.
// Tones are made here, nothing is loaded. Only the wish is remembered, in this browser.
const TONES = {
  // [frequency Hz, start s, length s]
  hold: [[660, 0, 0.22], [550, 0.3, 0.22]],
  emergency: [[880, 0, 0.18], [880, 0.24, 0.18], [660, 0.48, 0.32]],
  test: [[520, 0, 0.12]],
};
const SHAKES = { hold: [200, 100, 200], emergency: [400, 100, 400, 100, 400] };
const NAME = "alarm-sound";

function remembered() {
  try {
    return localStorage.getItem(NAME) === "on";
  } catch {
    return false;
  }
}

function remember(on) {
  try {
    if (on) localStorage.setItem(NAME, "on");
    else localStorage.removeItem(NAME);
  } catch {
    // storage may be closed: then the wish ends with the page
  }
}

export class Sound {
  /** `changed` is called whenever the state or the number of soundings changes. */
  constructor(changed) {
    this.changed = changed;
    this.wanted = remembered();
    this.level = "";
    this.everyMs = 0;
    this.played = 0;
    this.timer = 0;
    this.wake = () => this.#wake();
    if (this.wanted) this.#wake();
    // a wish from an earlier page comes true at the first press on this one
    for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, this.wake, { capture: true });
  }

  /** "off": nobody asked for it; "blocked": the browser waits for a press; "on": it sounds. */
  get state() {
    if (!this.wanted) return "off";
    return this.context?.state === "running" ? "on" : "blocked";
  }

  /** Turn it on or off; to be called from a press. */
  async turn(on) {
    this.wanted = on;
    remember(on);
    if (on) {
      await this.#wake();
      this.test();
    }
    this.#again();
    this.changed();
  }

  test() {
    if (this.state === "on") this.#play("test");
  }

  /** What is to be heard: "", "hold" or "emergency", and the pause between two soundings. */
  want(level, everyMs) {
    if (this.level === level && this.everyMs === everyMs) return;
    this.level = level;
    this.everyMs = everyMs;
    this.#again({ anew: true });
  }

  async #wake() {
    if (!this.wanted) return;
    this.context ??= new AudioContext();
    if (this.context.state === "running") return;
    this.context.onstatechange = () => { this.#again(); this.changed(); };
    await Promise.race([this.context.resume(), new Promise((done) => setTimeout(done, 300))]);
  }

  #again({ anew = false } = {}) {
    const silent = this.state !== "on" || !TONES[this.level] || !this.everyMs;
    if (this.timer && !anew && !silent) return;
    clearTimeout(this.timer);
    this.timer = 0;
    if (silent) return;
    this.timer = setTimeout(() => this.#again({ anew: true }), this.everyMs);
    this.#play(this.level);
  }

  #play(what) {
    this.played++;
    const now = this.context.currentTime;
    for (const [frequency, start, length] of TONES[what]) {
      const tone = this.context.createOscillator();
      const gain = this.context.createGain();
      tone.frequency.value = frequency;
      gain.gain.setValueAtTime(0, now + start);
      gain.gain.linearRampToValueAtTime(0.25, now + start + 0.02);
      gain.gain.linearRampToValueAtTime(0, now + start + length);
      tone.connect(gain).connect(this.context.destination);
      tone.start(now + start);
      tone.stop(now + start + length + 0.02);
    }
    if (SHAKES[what] && navigator.userActivation?.hasBeenActive) navigator.vibrate?.(SHAKES[what]);
    this.changed();
  }
}
