// The board's voice: off until somebody presses "Sound on here". A hold or an emergency is repeated
// until it is acknowledged; a review is never sounded. Tones are made here, nothing is loaded.
const PATTERNS = {
  // [frequency Hz, start s, length s]; pause between repeats in ms
  hold: { tones: [[660, 0, 0.22], [550, 0.3, 0.22]], every: 8000 },
  emergency: { tones: [[880, 0, 0.18], [880, 0.24, 0.18], [660, 0.48, 0.32]], every: 3000 },
};

export class Sound {
  constructor(button) {
    this.button = button;
    this.on = false;
    this.level = "";
    this.played = 0;
    button.addEventListener("click", () => this.#switch());
  }

  async #switch() {
    this.on = !this.on;
    if (this.on) {
      this.context ??= new AudioContext();
      await this.context.resume();
      this.#play([[520, 0, 0.12]]);
    }
    this.button.setAttribute("aria-pressed", String(this.on));
    this.button.querySelector("[data-sound-words]").textContent = this.on ? "Sound is on here" : "Sound on here";
    this.#again();
  }

  /** The loudest open alarm, or "". */
  want(level) {
    if (this.level === level) return;
    this.level = level;
    this.#again();
  }

  #again() {
    clearTimeout(this.timer);
    const pattern = PATTERNS[this.level];
    if (!this.on || !pattern) return;
    this.#play(pattern.tones);
    this.timer = setTimeout(() => this.#again(), pattern.every);
  }

  #play(tones) {
    this.played++;
    this.button.dataset.played = this.played;
    const now = this.context.currentTime;
    for (const [frequency, start, length] of tones) {
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
  }
}
