// The timeline: one uPlot lane a quantity, all on one time axis, thresholds as lines with words.
// A canvas says nothing to a screen reader; each lane carries a spoken summary, and the table of
// readings below the chart is its twin.
import uPlot from "../../vendor/uPlot.esm.js";
import { clockTime } from "../clock.js";
import { drawBands, ghostWords, peakOf, reach } from "./bands.js";
import { css, drawSign, palette } from "./paint.js";

const MINUTE = 60_000;
const LEFT_PX = 58;
const RIGHT_PX = 10;
const DOT_PX = 11;
const RING_PX = 9;
/** The least room a clock time takes on the axis. */
const CLOCK_PX = 44;
/** With less room than this between two readings a line needs no dots. */
const ROOM_PX = 7;

/** What each lane shows. `fields` are one line each; the second is drawn hollow. */
const LANES = {
  pressure: { fields: ["sbp_mmhg", "dbp_mmhg"], low: 65, high: 150, pad: 8, ticks: 20 },
  heart: { fields: ["heart_rate_bpm"], low: 53, high: 107, pad: 8, ticks: 20 },
  oxygen: { fields: ["spo2_percent"], low: 86.4, high: 101.6, pad: 1, ticks: 4, anchor: 100 },
  dissociation: { fields: ["dissociation_0_10"], low: -1.2, high: 11.2, pad: 0, splits: [0, 5, 10] },
  sedation: { fields: ["moaas"], low: 2.3, high: 5.7, pad: 0.6, splits: [0, 1, 2, 3, 4, 5], steps: true },
};

export class Chart {
  constructor(root, onPick) {
    this.root = root;
    this.onPick = onPick;
    this.lanes = new Map();
    this.colors = palette();
    this.opacity = { outer: Number(css("--band-90")) || 0.13, inner: Number(css("--band-50")) || 0.22 };
    this.now = Date.now();
    for (const element of root.querySelectorAll("[data-lane]")) this.#build(element);
    new ResizeObserver(() => this.#resize()).observe(root);
    const repaint = () => {
      this.colors = palette();
      for (const { plot } of this.lanes.values()) plot.redraw(false);
    };
    document.addEventListener("theme:change", repaint);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  }

  #build(element) {
    const name = element.dataset.lane;
    const lane = LANES[name] ?? { fields: [], low: 0, high: 1, pad: 0, splits: [] };
    const plot = new uPlot(this.#options(name, lane, element), [[], ...lane.fields.map(() => [])], element);
    plot.over.addEventListener("click", (event) => this.#pick(name, event));
    this.lanes.set(name, { element, lane, plot, picks: [] });
  }

  #options(name, lane, element) {
    const color = (key) => () => this.colors[key];
    const font = `12px ${css("--font") || "sans-serif"}`;
    const hue = LANES[name] ? name : "drug";
    const series = lane.fields.map((field, i) => ({
      stroke: color(hue),
      width: 2,
      spanGaps: true,
      paths: lane.steps ? uPlot.paths.stepped({ align: 1 }) : uPlot.paths.linear(),
      points: {
        show: (u) => u.data[0].length > 0 && u.bbox.width / devicePixelRatio / u.data[0].length > ROOM_PX,
        size: i ? RING_PX : DOT_PX,
        // the line is drawn on to now; only readings have a dot
        filter: (u) => (lane.steps ? u.data[0].map((_, n) => n).filter((n) => u.data[0][n] !== this.drawnTo) : null),
        width: 2,
        stroke: i ? color(hue) : color("surface"),
        fill: i ? color("surface") : color(hue),
      },
    }));
    return {
      width: Math.max(200, element.clientWidth),
      height: Math.max(40, element.clientHeight),
      padding: [0, RIGHT_PX, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      select: { show: false },
      scales: {
        x: { time: false, range: () => [this.from, this.to] },
        y: { range: () => this.#range(name) },
      },
      axes: [
        { show: true, size: 0, ticks: { show: false }, values: () => [], grid: { stroke: color("grid"), width: 1 },
          splits: () => this.#timeTicks() },
        { size: LEFT_PX, gap: 8, font, stroke: color("text3"), ticks: { show: false },
          grid: { stroke: color("grid"), width: 1, show: Boolean(LANES[name]) },
          splits: () => this.#valueTicks(name), values: (u, splits) => splits.map(String) },
      ],
      series: [{}, ...series],
      hooks: {
        drawClear: [(u) => this.#ground(u)],
        drawAxes: [(u) => drawBands(u, name, this.ahead, { colors: this.colors, now: this.now, to: this.to, opacity: this.opacity }), (u) => this.#limits(u, name)],
        draw: [(u) => (name === "drug" ? this.#drug(u) : this.#marks(u, name)), (u) => this.#peak(u, name), (u) => this.#nowLine(u, name)],
      },
    };
  }

  #range(name) {
    const held = this.lanes.get(name);
    const lane = LANES[name];
    if (!lane) return [0, 1];
    const values = (held?.plot.data.slice(1).flat() ?? []).filter((v) => v != null);
    const limits = (this.limits?.[name] ?? []).filter((l) => l.always).map((l) => l.value);
    const band = lane.pad ? (reach(this.ahead, name, this.now, this.to) ?? []) : [];
    const low = Math.min(lane.low, ...values.map((v) => v - lane.pad), ...band.map((v) => v - 2));
    const high = Math.max(lane.high, ...values.map((v) => v + lane.pad), ...band.map((v) => v + 2), ...limits.map((v) => v + 11));
    return [low, lane.anchor ? lane.high : high];
  }

  #valueTicks(name) {
    const lane = LANES[name];
    if (!lane) return [];
    const [low, high] = this.#range(name);
    if (lane.splits) return lane.splits.filter((v) => v > low && v < high);
    const ticks = [];
    const first = Math.ceil((low + lane.pad / 2) / lane.ticks) * lane.ticks;
    for (let v = first; v <= high - lane.pad / 4; v += lane.ticks) if (v <= (lane.anchor ?? Infinity)) ticks.push(v);
    return ticks;
  }

  #timeTicks() {
    // before the dose there is no minute zero: whole clock times are marked
    const zero = this.zero ?? 0;
    const span = (this.to - this.from) / MINUTE;
    const wide = ([...this.lanes.values()][0]?.plot.bbox.width ?? 0) / devicePixelRatio;
    const most = wide ? Math.max(2, Math.min(9, wide / CLOCK_PX)) : 9;
    const step = [5, 10, 15, 20, 30, 60, 120].find((s) => span / s <= most) ?? 240;
    const ticks = [];
    const first = Math.ceil((this.from - zero) / (step * MINUTE)) * step;
    for (let m = first; zero + m * MINUTE <= this.to; m += step) ticks.push(zero + m * MINUTE);
    return ticks;
  }

  /** Draw anew. `timeline` as read from the events; `limits` by lane; `now` ms; `planEnd` ms or null. */
  show(timeline, { limits, now, planEnd, plannedMg, ahead = null }) {
    this.timeline = timeline;
    this.ahead = ahead;
    this.limits = limits;
    this.now = now;
    this.planEnd = planEnd;
    this.plannedMg = plannedMg;
    this.zero = timeline.drug.startedAt;
    this.#span();
    for (const [name, held] of this.lanes) {
      const rows = timeline.observations.filter((e) => held.lane.fields.some((f) => e.body[f] !== undefined));
      held.picks = rows;
      const data = [rows.map((e) => e.at), ...held.lane.fields.map((f) => rows.map((e) => e.body[f] ?? null))];
      if (held.lane.steps && rows.length && now > rows.at(-1).at) {
        this.drawnTo = now;
        data[0].push(now);
        data[1].push(rows.at(-1).body.moaas);
      }
      held.plot.setData(data);
      held.element.setAttribute("aria-label", this.#spoken(name, rows));
    }
  }

  #span() {
    const { observations, drug } = this.timeline;
    const first = observations[0]?.at ?? this.now;
    const start = drug.startedAt ?? this.now;
    // a reading of an hour ago belongs to the table, not to the picture
    const from = Math.max(Math.min(first - 2 * MINUTE, start - 10 * MINUTE), start - 40 * MINUTE);
    const until = [this.now + (drug.startedAt ? 12 : 20) * MINUTE];
    if (drug.startedAt) until.push((this.planEnd ?? drug.startedAt) + 20 * MINUTE);
    if (this.ahead) until.push(this.now + 32 * MINUTE);
    this.from = from;
    this.to = Math.max(...until);
  }

  /** Only the line of now has moved. */
  tick(now, ahead = this.ahead) {
    if (!this.timeline) return;
    this.now = now;
    this.ahead = ahead;
    this.#span();
    for (const { plot } of this.lanes.values()) plot.setScale("x", { min: this.from, max: this.to });
  }

  #resize() {
    for (const { element, plot } of this.lanes.values()) {
      const width = element.clientWidth;
      const height = element.clientHeight;
      if (width > 0 && height > 0 && (plot.width !== width || plot.height !== height)) plot.setSize({ width, height });
    }
  }

  #ground(u) {
    const { ctx } = u;
    const x = Math.max(u.bbox.left, Math.min(u.valToPos(this.now, "x", true), u.bbox.left + u.bbox.width));
    ctx.save();
    ctx.fillStyle = this.colors.future;
    ctx.fillRect(x, u.bbox.top, u.bbox.left + u.bbox.width - x, u.bbox.height);
    ctx.restore();
  }

  #write(u, text, x, y, { color, bold = false, align = "left", halo = true } = {}) {
    const { ctx } = u;
    const px = devicePixelRatio;
    ctx.font = `${bold ? 600 : 400} ${12 * px}px ${css("--font") || "sans-serif"}`;
    ctx.textAlign = align;
    ctx.textBaseline = "alphabetic";
    if (halo) {
      ctx.strokeStyle = x > u.valToPos(this.now, "x", true) ? this.colors.future : this.colors.surface;
      ctx.lineWidth = 4 * px;
      ctx.lineJoin = "round";
      ctx.strokeText(text, x, y);
    }
    ctx.fillStyle = color;
    ctx.fillText(text, x, y);
    return ctx.measureText(text).width;
  }

  #limits(u, name) {
    const { ctx, bbox } = u;
    const px = devicePixelRatio;
    const [low, high] = this.#range(name);
    ctx.save();
    for (const limit of this.limits?.[name] ?? []) {
      if (limit.value <= low || limit.value >= high) continue;
      const y = Math.round(u.valToPos(limit.value, "y", true)) + 0.5;
      ctx.beginPath();
      ctx.lineWidth = px;
      ctx.strokeStyle = this.colors[limit.level];
      ctx.setLineDash(limit.level === "review" ? [6 * px, 3 * px] : []);
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.setLineDash([]);
      const ink = this.colors[`${limit.level}Ink`];
      // words stand on the side of the line away from the readings
      const below = limit.below ? y + 13 * px : y - 5 * px;
      if (limit.right) {
        this.#write(u, `${limit.word} ${limit.text}`, bbox.left + bbox.width - 4 * px, below, { color: ink, align: "right" });
      } else {
        const wide = this.#write(u, limit.word, bbox.left + 8 * px, below, { color: ink, bold: true });
        this.#write(u, limit.text, bbox.left + 12 * px + wide, below, { color: ink });
      }
    }
    ctx.restore();
  }

  /** Where the middle of the forecast is highest, in words above its band. */
  #peak(u, name) {
    const ghost = ghostWords(u, this.ahead, name, this.now, this.to);
    if (ghost) this.#write(u, ghost.words, u.valToPos(ghost.at, "x", true), u.valToPos(ghost.value, "y", true) + 14 * devicePixelRatio, { color: this.colors.text2, align: "center" });
    const peak = this.timeline ? peakOf(this.ahead, name, this.now, this.to, this.zero) : null;
    const px = devicePixelRatio;
    if (!peak || u.bbox.width < 320 * px) return;
    const x = Math.min(u.valToPos(peak.at, "x", true), u.bbox.left + u.bbox.width - 60 * px);
    const y = Math.max(u.bbox.top + 14 * px, u.valToPos(peak.top, "y", true) - 6 * px);
    this.#write(u, peak.words, Math.max(x, u.valToPos(this.now, "x", true) + 60 * px), y, { color: this.colors[name], bold: true, align: "center" });
  }

  #nowLine(u, name) {
    const { ctx, bbox } = u;
    const px = devicePixelRatio;
    const x = Math.round(u.valToPos(this.now, "x", true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) return;
    ctx.save();
    ctx.globalAlpha = 0.6;
    ctx.strokeStyle = this.colors.now;
    ctx.lineWidth = px;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height - (name === "drug" ? 24 * px : 0));
    ctx.stroke();
    ctx.restore();
    if (name === "drug") this.#nowFlag(u, x);
  }

  #nowFlag(u, x) {
    const { ctx } = u;
    const px = devicePixelRatio;
    const words = this.zero === null ? clockTime(this.now) : `${Math.floor((this.now - this.zero) / MINUTE)} min`;
    ctx.save();
    ctx.font = `600 ${13 * px}px ${css("--font") || "sans-serif"}`;
    const wide = ctx.measureText(words).width + 14 * px;
    const top = u.bbox.top + u.bbox.height - 24 * px;
    ctx.fillStyle = this.colors.now;
    ctx.beginPath();
    ctx.roundRect(x - wide / 2, top, wide, 24 * px, 4 * px);
    ctx.fill();
    ctx.fillStyle = this.colors.bg;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(words, x, top + 12.5 * px);
    ctx.restore();
  }

  /** Alarm signs on the lane of their quantity, at the reading that set them off. */
  #marks(u, name) {
    const of = { sbp: "pressure", dbp: "pressure", heart_rate: "heart", spo2: "oxygen", moaas: "sedation" };
    for (const alarm of this.timeline?.alarms ?? []) {
      const key = (alarm.body.threshold ?? "").replace("alarm.", "");
      const lane = Object.entries(of).find(([start]) => key.startsWith(start))?.[1];
      if (lane !== name || alarm.body.level === "inform") continue;
      const row = this.lanes.get(name).picks.find((e) => e.at === alarm.at) ?? this.lanes.get(name).picks.findLast((e) => e.at <= alarm.at);
      if (!row) continue;
      const field = key.startsWith("dbp") ? "dbp_mmhg" : this.lanes.get(name).lane.fields[0];
      const value = row.body[field] ?? row.body[this.lanes.get(name).lane.fields[0]];
      if (value === undefined) continue;
      drawSign(u.ctx, this.colors, alarm.body.level, u.valToPos(alarm.at, "x", true), u.valToPos(value, "y", true));
    }
  }

  #drug(u) {
    if (!this.timeline) return;
    const { ctx, bbox } = u;
    const px = devicePixelRatio;
    const x = (at) => Math.max(bbox.left, Math.min(bbox.left + bbox.width, u.valToPos(at, "x", true)));
    const top = bbox.top + 7 * px;
    const { drug, runsOutAt, phase } = this.timeline;
    ctx.save();
    const open = drug.running ? [{ start: drug.since, end: this.now, rate: drug.rate, open: true }] : [];
    if (runsOutAt && runsOutAt > this.now) this.#outline(u, x(this.now), x(runsOutAt), top);
    for (const stretch of [...drug.stretches, ...open]) this.#stretch(u, stretch, x, top);
    for (const dose of drug.doses) this.#dose(u, dose, x(dose.at), top);
    if (phase === "running" && drug.plannedMg !== null) this.#toGo(u, x, top);
    if (phase === "paused") this.#write(u, "paused", x(drug.since) + 6 * px, top + 15 * px, { color: this.colors.holdInk, bold: true });
    this.#notes(u, x);
    this.#timeAxis(u);
    ctx.restore();
  }

  #stretch(u, { start, end, rate }, x, top) {
    const px = devicePixelRatio;
    const left = x(start);
    const wide = Math.max(2 * px, x(end) - left);
    u.ctx.fillStyle = this.colors.drug;
    u.ctx.beginPath();
    u.ctx.roundRect(left, top, wide, 22 * px, 4 * px);
    u.ctx.fill();
    const words = `${rate} mg/h`;
    u.ctx.font = `600 ${12 * px}px ${css("--font") || "sans-serif"}`;
    if (u.ctx.measureText(words).width < wide - 12 * px)
      this.#write(u, words, left + 8 * px, top + 15 * px, { color: this.colors.surface, bold: true, halo: false });
  }

  #outline(u, left, right, top) {
    const px = devicePixelRatio;
    u.ctx.strokeStyle = this.colors.drug;
    u.ctx.lineWidth = px;
    u.ctx.setLineDash([3 * px, 3 * px]);
    u.ctx.strokeRect(left, top + 0.5, right - left, 22 * px - 1);
    u.ctx.setLineDash([]);
  }

  #toGo(u, x, top) {
    const { plannedMg } = this.timeline.drug;
    const left = Math.max(0, plannedMg - this.timeline.givenMg);
    const px = devicePixelRatio;
    const end = clockTime(this.timeline.runsOutAt);
    this.#write(u, left > 0 ? `${left.toFixed(1)} mg to go, ends ${end}` : `all given ${end}`, x(this.now) + 9 * px, top + 15 * px,
      { color: this.colors.text2 });
  }

  #dose(u, dose, x, top) {
    const px = devicePixelRatio;
    u.ctx.fillStyle = this.colors.drug;
    u.ctx.beginPath();
    u.ctx.roundRect(x - 3 * px, top, 6 * px, 22 * px, 3 * px);
    u.ctx.fill();
    const words = dose.kind === "device" ? `Device ${dose.number}` : `${dose.mg} mg`;
    const near = this.timeline.drug.doses.some((d) => d.at > dose.at && u.valToPos(d.at, "x", true) - x < 62 * px);
    if (!near) this.#write(u, words, x + 6 * px, top + 15 * px, { color: this.colors.text });
  }

  #notes(u, x) {
    const px = devicePixelRatio;
    const { ctx, bbox } = u;
    const words = [
      ...this.timeline.rescue.map((e) => [e.at, [e.body.name, e.body.dose_mg && `${e.body.dose_mg} mg`].filter(Boolean).join(" ")]),
      ...this.timeline.notes.map((e) => [e.at, e.body.quoted ? `“${e.body.text}”` : e.body.text]),
      ...(this.timeline.marks ?? []),
    ].sort((a, b) => a[0] - b[0]);
    const y = bbox.top + 50 * px;
    let free = -Infinity;
    let hidden = 0;
    for (const [at, text] of words) {
      if (at < this.from || at > this.to) continue;
      const left = x(at);
      ctx.fillStyle = this.colors.axis;
      ctx.strokeStyle = this.colors.axis;
      ctx.beginPath();
      ctx.arc(left, y - 13 * px, 3 * px, 0, 7);
      ctx.fill();
      ctx.lineWidth = px;
      ctx.beginPath();
      ctx.moveTo(left + 0.5, y - 13 * px);
      ctx.lineTo(left + 0.5, y);
      ctx.stroke();
      if (left < free) { hidden++; continue; }
      const short = text.length > 30 ? `${text.slice(0, 29).trimEnd()}…` : text;
      free = left + 16 * px + this.#write(u, short, left + 6 * px, y, { color: this.colors.text2 });
    }
    if (hidden) this.#write(u, `+${hidden}`, bbox.left + bbox.width - 4 * px, y, { color: this.colors.text3, align: "right" });
  }

  #timeAxis(u) {
    const { ctx, bbox } = u;
    const px = devicePixelRatio;
    const base = bbox.top + bbox.height - 32 * px;
    ctx.strokeStyle = this.colors.axis;
    ctx.lineWidth = px;
    ctx.beginPath();
    ctx.moveTo(bbox.left, base + 0.5);
    ctx.lineTo(bbox.left + bbox.width, base + 0.5);
    ctx.stroke();
    const now = u.valToPos(this.now, "x", true);
    for (const tick of this.#timeTicks()) {
      const at = u.valToPos(tick, "x", true);
      ctx.beginPath();
      ctx.moveTo(at, base);
      ctx.lineTo(at, base + 5 * px);
      ctx.stroke();
      if (Math.abs(at - now) < 44 * px) continue;
      const align = at > bbox.left + bbox.width - 20 * px ? "right" : "center";
      if (this.zero !== null) this.#write(u, String(Math.round((tick - this.zero) / MINUTE)), at, base + 17 * px, { color: this.colors.text3, align, halo: false });
      this.#write(u, clockTime(tick), at, base + (this.zero === null ? 19 : 30) * px, { color: this.colors.text3, align, halo: false });
    }
  }

  #pick(name, event) {
    const { plot, picks, lane } = this.lanes.get(name);
    if (!picks.length) return;
    const box = plot.over.getBoundingClientRect();
    const near = (row) => {
      const dx = plot.valToPos(row.at, "x") - (event.clientX - box.left);
      const dy = Math.min(...lane.fields.map((f) => (row.body[f] === undefined ? 999 : Math.abs(plot.valToPos(row.body[f], "y") - (event.clientY - box.top)))));
      return Math.hypot(dx, dy);
    };
    const best = picks.reduce((a, b) => (near(b) < near(a) ? b : a));
    if (near(best) < 28) this.onPick(best);
  }

  #spoken(name, rows) {
    const words = { pressure: "Blood pressure", heart: "Heart rate", oxygen: "Oxygen saturation", dissociation: "Dissociation, 0 to 10", sedation: "Sedation, MOAA/S", drug: "Drug and notes" }[name];
    const lane = LANES[name];
    if (!lane) return words;
    if (!rows.length) return `${words}: no reading yet`;
    const said = (row) => lane.fields.map((f) => row.body[f] ?? "not measured").join(" over ");
    const last = rows.at(-1);
    const values = rows.map((r) => r.body[lane.fields[0]]).filter((v) => v !== undefined);
    return `${words}: ${rows.length} readings, last ${said(last)} at ${clockTime(last.at)}, lowest ${Math.min(...values)}, highest ${Math.max(...values)}`;
  }
}
