// The forecast on the timeline: where the readings of this person are likely to lie from now on.
// Bands are drawn only to the right of now; what was forecast before is not what is shown.
const MINUTE = 60_000;
/** The bands of each lane, the second drawn like its line. */
const OF_LANE = { pressure: ["sbp", "dbp"], heart: ["hr"], dissociation: ["dissociation"], sedation: ["moaas"] };
const GHOST_OF = { pressure: "sbp", dissociation: "dissociation" };
/** Words are written where a peak is so far away, in minutes. */
const WORTH_WORDS_MIN = 2;
/** And where it rises so much from now: mmHg, and points of ten. */
const WORTH_RISE = { sbp: 2, dissociation: 0.5 };

/** With less height than this the row in the table says enough of the dotted line. */
const ROOM_PX = 210;

/** The moments of a forecast, milliseconds. */
export function moments(forecast) {
  const from = Date.parse(forecast.from);
  return forecast.minutes.map((m) => from + m * MINUTE);
}

/** Low and high ends of what a lane's bands reach between two moments, or null. */
export function reach(shown, lane, from, to) {
  if (!shown || !OF_LANE[lane]) return null;
  let low = Infinity;
  let high = -Infinity;
  shown.at.forEach((at, i) => {
    if (at < from || at > to) return;
    for (const name of OF_LANE[lane]) {
      low = Math.min(low, shown.forecast.bands[name][0][i]);
      high = Math.max(high, shown.forecast.bands[name][4][i]);
    }
  });
  return high > low ? [low, high] : null;
}

/** Draw the bands of a lane under its line. `shown`: {forecast, at, ghost, faded}. */
export function drawBands(u, lane, shown, { colors, now, to, opacity }) {
  if (!shown || !OF_LANE[lane]) return;
  const { ctx, bbox } = u;
  const ahead = shown.at.map((at, i) => [at, i]).filter(([at]) => at <= to + 5 * MINUTE);
  if (ahead.length < 2) return;
  ctx.save();
  ctx.beginPath();
  const left = Math.max(bbox.left, u.valToPos(now, "x", true));
  ctx.rect(left, bbox.top, bbox.left + bbox.width - left, bbox.height);
  ctx.clip();
  const x = ahead.map(([at]) => u.valToPos(at, "x", true));
  const y = (values) => ahead.map(([, i]) => u.valToPos(values[i], "y", true));
  ctx.fillStyle = ctx.strokeStyle = colors[lane];
  const strength = shown.faded ? 0.45 : 1;
  for (const name of OF_LANE[lane]) {
    const [q05, q25, q50, q75, q95] = shown.forecast.bands[name].map(y);
    fill(ctx, x, q05, q95, opacity.outer * strength);
    fill(ctx, x, q25, q75, opacity.inner * strength);
    ctx.globalAlpha = strength;
    line(ctx, x, q50, 2 * devicePixelRatio);
  }
  const ghost = shown.ghost && GHOST_OF[lane] && shown.ghost[GHOST_OF[lane]];
  if (ghost) {
    ctx.strokeStyle = colors.text;
    ctx.globalAlpha = 0.9;
    ctx.lineCap = "round";
    ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
    line(ctx, x, y(ghost), 1.5 * devicePixelRatio);
  }
  ctx.restore();
}

/** Where the words of the dotted line stand: {at, value} well into what is shown, or null. */
export function ghostWords(u, shown, lane, now, to) {
  const path = shown?.ghost?.[GHOST_OF[lane]];
  if (!path || lane !== "pressure" || shown.faded || u.bbox.height < ROOM_PX * devicePixelRatio) return null;
  const wanted = now + 0.6 * (to - now);
  const i = shown.at.findIndex((at) => at >= wanted);
  if (i < 0) return null;
  return { at: shown.at[i], value: shown.forecast.bands.sbp[0][i], words: shown.ghost.said };
}

function fill(ctx, x, low, high, alpha) {
  ctx.globalAlpha = alpha;
  ctx.beginPath();
  x.forEach((at, i) => (i ? ctx.lineTo(at, high[i]) : ctx.moveTo(at, high[i])));
  for (let i = x.length - 1; i >= 0; i--) ctx.lineTo(x[i], low[i]);
  ctx.closePath();
  ctx.fill();
}

function line(ctx, x, y, width) {
  ctx.lineWidth = width;
  ctx.lineJoin = "round";
  ctx.beginPath();
  x.forEach((at, i) => (i ? ctx.lineTo(at, y[i]) : ctx.moveTo(at, y[i])));
  ctx.stroke();
}

/** The peak of a lane's middle line ahead, in words and its place; null where it is now or flat. */
export function peakOf(shown, lane, now, to, zero) {
  const name = OF_LANE[lane]?.[0];
  if (!shown || shown.faded || !["pressure", "dissociation"].includes(lane)) return null;
  const middle = shown.forecast.bands[name][2];
  let best = null;
  let first = null;
  shown.at.forEach((at, i) => {
    if (at < now || at > to) return;
    first ??= i;
    if (best === null || middle[i] > middle[best]) best = i;
  });
  if (best === null || shown.at[best] - now < WORTH_WORDS_MIN * MINUTE || middle[best] - middle[first] < WORTH_RISE[name]) return null;
  if (lane === "dissociation" && middle[best] < 1) return null;
  const when = zero === null ? "" : ` at ${Math.round((shown.at[best] - zero) / MINUTE)} min`;
  const said = lane === "pressure" ? `${shown.forecast.options[0].said ? `${shown.forecast.options[0].said}: ` : ""}peak ` : "";
  return { at: shown.at[best], value: middle[best], top: shown.forecast.bands[name][4][best], words: `${said}${Math.round(middle[best])}${when}` };
}
