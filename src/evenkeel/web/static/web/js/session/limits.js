// The lines of the chart: limits of the protocol with their words and where they come from.
const num = (value) => Number(value.toFixed(1));

/** Limits by lane: {value, level, word, text, right, below, always}. */
export function chartLimits(timeline, config) {
  const t = config.thresholds;
  const limits = { pressure: [], heart: [], oxygen: [], sedation: [] };
  const add = (lane, level, value, text, more = {}) =>
    limits[lane].push({ level, value: num(value), word: level === "hold" ? "Hold" : "Review", text, ...more });
  const before = timeline.drug.startedAt === null;
  if (before) {
    add("pressure", "review", config.gate.sbp_mmhg, `above ${config.gate.sbp_mmhg}: wait · ${config.gate.mark}`, { word: "Delay", always: true });
    add("pressure", "review", config.gate.dbp_mmhg, `above ${config.gate.dbp_mmhg}`, { word: "Delay", right: true });
  } else {
    const { sbp_mmhg: sbp, dbp_mmhg: dbp } = timeline.baseline;
    add("pressure", "hold", t.sbp_hold_mmhg.value, `${t.sbp_hold_mmhg.value} · ${t.sbp_hold_mmhg.mark}`, { always: true });
    if (sbp !== null) add("pressure", "review", sbp + t.sbp_rise_mmhg.value, `${num(sbp + t.sbp_rise_mmhg.value)} = +${t.sbp_rise_mmhg.value} · ${t.sbp_rise_mmhg.mark}`, { below: true });
    add("pressure", "hold", t.dbp_hold_mmhg.value, String(t.dbp_hold_mmhg.value), { right: true });
    if (dbp !== null) add("pressure", "review", dbp + t.dbp_rise_mmhg.value, `${num(dbp + t.dbp_rise_mmhg.value)} = +${t.dbp_rise_mmhg.value}`, { right: true });
  }
  add("heart", "review", t.heart_rate_low_review_bpm.value, String(t.heart_rate_low_review_bpm.value), { right: true });
  add("heart", "review", t.heart_rate_high_review_bpm.value, String(t.heart_rate_high_review_bpm.value), { right: true, below: true });
  add("oxygen", "review", t.spo2_review_percent.value, `${t.spo2_review_percent.value} · ${t.spo2_review_percent.mark}`, { below: true });
  add("sedation", "review", t.moaas_review.value, String(t.moaas_review.value), { right: true });
  return limits;
}
