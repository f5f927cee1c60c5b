// Where the drug went: drawn, given, wasted and put back, container by container. Pure; the same
// reckoning as the server's (clinic/session/account.py), in thousandths of a milligram.
import { number } from "./words.js";

export const LEDGER = new Set(["drawn", "wasted", "put_back"]);
export const thousandths = (mg) => Math.round(mg * 1000);
export const mg = (value) => `${number(value / 1000, 3)} mg`;

/** The account of standing events. `promised`: a pump that runs counts for all it was set to. */
export function accountOf(kept, drug, pumpMg, promised = false) {
  const lines = new Map();
  const own = kept.filter((e) => LEDGER.has(e.kind));
  for (const { kind, body } of [...own.filter((e) => e.kind === "drawn"), ...own.filter((e) => e.kind !== "drawn")]) {
    const line = lines.get(body.container_id) ?? { id: body.container_id, label: body.label, lot: body.lot, name: body.name, drawn: 0, given: 0, wasted: 0, put_back: 0 };
    line[kind] += thousandths(body.amount_mg);
    lines.set(body.container_id, line);
  }
  const rest = (line) => line.drawn - line.given - line.wasted - line.put_back;
  let undrawn = 0;
  const gave = drug.doses.map((d) => [d.source, thousandths(d.mg)]);
  drug.pumps.forEach((pump, i) => {
    const last = i === drug.pumps.length - 1 && (drug.running || drug.paused);
    gave.push([pump.source, thousandths(promised && last && pump.plannedMg !== null ? pump.plannedMg : pumpMg(pump))]);
  });
  for (const [source, amount] of gave) {
    let left = amount;
    for (const line of [...lines.values()].sort((a, b) => (a.id !== source) - (b.id !== source))) {
      const part = Math.max(0, Math.min(left, rest(line)));
      line.given += part;
      left -= part;
    }
    undrawn += left;
  }
  const all = [...lines.values()].map((line) => ({ ...line, rest: rest(line) }));
  const sum = (name) => all.reduce((total, line) => total + line[name], 0);
  return {
    lines: all, undrawn, drawn: sum("drawn"), given: sum("given") + undrawn, wasted: sum("wasted"), putBack: sum("put_back"), rest: sum("rest"),
    agrees: !undrawn && all.every((line) => !line.rest),
  };
}

/** What is still to account for, a sentence each. */
export function openWords(account) {
  const said = account.undrawn > 0 ? [`${mg(account.undrawn)} given and not drawn from any container`] : [];
  for (const line of account.lines) {
    if (line.rest > 0) said.push(`${mg(line.rest)} from container ${line.label} drawn and not given`);
    if (line.rest < 0) said.push(`${mg(-line.rest)} more from container ${line.label} than was drawn`);
  }
  return said;
}
