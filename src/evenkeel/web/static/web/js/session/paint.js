// What the canvas needs of the theme, and the alarm signs: shape and color together.
/** A value of the page's style sheet. */
export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The theme's colors, for a canvas that cannot read the style sheet itself. */
export function palette() {
  const names = {
    text: "--text", text2: "--text-2", text3: "--text-3", surface: "--surface", bg: "--bg",
    grid: "--c-grid", axis: "--c-axis", now: "--c-now", future: "--c-future",
    review: "--review-edge", reviewInk: "--review-ink", reviewWash: "--review-wash",
    hold: "--hold-edge", holdInk: "--hold-ink", holdWash: "--hold-wash",
    emergency: "--emergency-wash", emergencyInk: "--emergency-ink", inform: "--inform-edge", informInk: "--inform-ink",
    pressure: "--c-pressure", heart: "--c-heart", oxygen: "--c-oxygen", dissociation: "--c-dissociation",
    sedation: "--c-sedation", drug: "--c-concentration",
  };
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, css(name)]));
}

/** One alarm sign at a point of the canvas: triangle, square or octagon by its level. */
export function drawSign(ctx, colors, level, x, y) {
  const px = devicePixelRatio;
  const size = 8 * px;
  ctx.save();
  ctx.lineJoin = "round";
  ctx.lineWidth = 1.8 * px;
  ctx.beginPath();
  if (level === "review") {
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y + size * 0.8);
    ctx.lineTo(x - size, y + size * 0.8);
    ctx.closePath();
    ctx.fillStyle = colors.reviewWash;
    ctx.strokeStyle = colors.reviewInk;
    ctx.fill();
    ctx.stroke();
  } else {
    const filled = level === "hold" ? colors.holdInk : colors.emergency;
    ctx.fillStyle = filled;
    ctx.strokeStyle = colors.surface;
    if (level === "hold") ctx.roundRect(x - size, y - size, 2 * size, 2 * size, 2 * px);
    else for (let i = 0; i < 8; i++) ctx.lineTo(x + size * 1.1 * Math.cos((i + 0.5) * Math.PI / 4), y + size * 1.1 * Math.sin((i + 0.5) * Math.PI / 4));
    ctx.closePath();
    ctx.stroke();
    ctx.fill();
  }
  ctx.beginPath();
  ctx.strokeStyle = level === "review" ? colors.reviewInk : level === "hold" ? colors.holdWash : colors.emergencyInk;
  if (level === "hold") for (const dx of [-2.6, 2.6]) { ctx.moveTo(x + dx * px, y - 4 * px); ctx.lineTo(x + dx * px, y + 4 * px); }
  else { ctx.moveTo(x, y - 3 * px); ctx.lineTo(x, y + 1.4 * px); ctx.moveTo(x, y + 4 * px); ctx.lineTo(x, y + 4.2 * px); }
  ctx.stroke();
  ctx.restore();
}
