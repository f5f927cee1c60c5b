// The panel that says where the drug went, and the dialogs that draw, waste and put back. What they
// propose comes from the server at that moment: somebody else may draw from the same vial.
import { mg, openWords, thousandths } from "./account.js";
import { $, $$ } from "./dialogs.js";
import { el, write } from "./panels.js";
import { number } from "./words.js";

/** So many containers are offered at once; the rest of the shelf is one tap away. */
const FIRST_SHOWN = 3;

export class DrugAccount {
  constructor({ config, dialogs }) {
    Object.assign(this, { config, dialogs, now: null, promised: null });
    this.kept = config.ledger === "here";
    for (const form of $$("form[data-ledger]")) {
      form.addEventListener("change", (event) => { if (event.target.name === "container_id") this.#propose(form, event.target.value); this.#volume(form); });
      form.addEventListener("input", () => this.#volume(form));
    }
    document.addEventListener("entry:refused", ({ target, detail }) => {
      const box = detail.code === "nothing_drawn" && $("[data-undrawn]", target);
      if (box) box.hidden = false;
    });
  }

  /** Draw the panel. */
  show(timeline) {
    if (!this.kept) return;
    const { account, promised, phase } = timeline;
    // what grows from second to second is no figure to read in thousandths
    const given = phase === "running" ? Math.floor(account.given / 100) * 100 : account.given;
    this.promised = promised;
    const root = $("[data-panel=account]");
    for (const [name, value] of Object.entries({ drawn: account.drawn, given, wasted: account.wasted, "put-back": account.putBack }))
      write($(`[data-account=${name}]`, root), number(value / 1000, 3));
    $("[data-account-back]", root).hidden = !account.putBack;
    const over = phase === "watching" || phase === "closed";
    const open = over ? openWords(account) : [];
    const key = JSON.stringify([account.lines.map((l) => [l.id, l.drawn]), promised, open]);
    if (root.dataset.key !== key) {
      root.dataset.key = key;
      $("[data-account-lines]", root).replaceChildren(...account.lines.map((line) =>
        el("li.block", el("span", el("b", `Container ${line.label}`), `, ${line.name ?? ""}`), el("small.faint", `lot ${line.lot} · ${mg(line.drawn)} drawn`))));
      $("[data-account-open]", root).replaceChildren(...open.map((words) => el("li", words)));
      root.classList.toggle("open", open.length > 0);
      write($("[data-account-state]", root), account.lines.length === 0 && account.agrees ? "nothing drawn yet" : open.length ? "to account for" : over ? "accounted for" : `${mg(promised.rest)} in hand`);
      for (const box of $$("[data-account-leaving]")) {
        box.hidden = open.length === 0;
        $("ul", box)?.replaceChildren(...open.map((words) => el("li", words)));
      }
    }
    const abandon = $("[data-account-abandon]");
    abandon.hidden = account.rest <= 0;
    write(abandon, `${mg(account.rest)} is drawn. Waste it with a witness${$("[data-act=put-back]", root) ? " or put it back" : ""}; until then the session stays open on the drug. The person need not wait.`);
    const may = this.config.may.includes("session.draw");
    const closed = phase === "closed" && account.agrees;
    $("[data-act=draw]", root).disabled = !may || closed;
    for (const name of ["waste", "put-back"]) { const button = $(`[data-act=${name}]`, root); if (button) button.disabled = !may || promised.rest <= 0; }
    $("[data-act=draw]", root).classList.toggle("go", may && !closed && (account.undrawn > 0 || (phase === "before_dose" && promised.rest <= 0)));
    $("[data-act=waste]", root).classList.toggle("go", may && over && account.rest > 0);
  }

  /** What stands between the drug and a dose, in words; empty where enough is drawn. */
  openBeforeDose(doseMg) {
    if (!this.kept || !this.promised || !doseMg || this.promised.rest >= thousandths(doseMg)) return [];
    return [`Drug drawn from a container (${mg(Math.max(0, this.promised.rest))} of ${number(doseMg, 3)} mg)`];
  }

  /** Whether the question is asked if a dose was given before its draw was written down. */
  askUndrawn(id, doseMg) {
    const box = $(`#${id} [data-undrawn]`);
    if (box) box.hidden = !this.openBeforeDose(doseMg).length;
  }

  /** Open one of the three dialogs with what the server says is there now. */
  async open(id, values = {}) {
    const dialog = this.dialogs.open(id, { values });
    if (!dialog) return;
    const form = $("form[data-kind]", dialog);
    const list = $("[data-containers]", form);
    list.replaceChildren(el("p.quiet", "Looking at the shelf…"));
    try {
      const response = await fetch(this.config.urls.containers, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(12_000) });
      if (!response.ok) throw new Error(String(response.status));
      this.now = await response.json();
    } catch {
      list.replaceChildren(el("p", "The shelf cannot be reached. A ledger entry needs the network; close this and try again."));
      return;
    }
    this.#fill(form, values.amount_mg);
  }

  #fill(form, wanted) {
    const draws = form.dataset.kind === "drawn";
    const rows = draws ? this.now.containers : this.now.account.lines.filter((line) => line.rest_mg > 0);
    const list = $("[data-containers]", form);
    if (!rows.length) {
      list.replaceChildren(el("p", draws ? "Nothing that may be used stands on the shelf for this product." : "Nothing that was drawn is left over."));
      return;
    }
    const choices = rows.map((row, i) => this.#choice(row, draws, i === 0));
    const more = choices.splice(FIRST_SHOWN);
    list.replaceChildren(...choices, more.length ? this.#folded(more) : "");
    this.wanted = wanted;
    this.#propose(form, draws ? rows[0].id : rows[0].container_id);
    this.#volume(form);
  }

  #folded(choices) {
    return el("details.fold", el("summary", `${choices.length} more on the shelf`), el("div.choices.rows-of-one", ...choices));
  }

  #choice(row, draws, first) {
    const label = el("label.choice.tall.container");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "container_id", value: draws ? row.id : row.container_id, checked: first });
    input.dataset.type = "text";
    const more = draws
      ? [`${number(row.remaining_mg, 3)} mg left`, row.is_open ? "open" : "sealed", `expires ${row.expires_on}`]
      : [`${number(row.rest_mg, 3)} mg left over`];
    label.append(input, el("span", el("b", row.label), el("span", row.name), el("small.quiet", [`lot ${row.lot}`, ...more].join(" · "))));
    return label;
  }

  /** The amount that is likely: what the dose still needs, or all that is left over. */
  #propose(form, id) {
    const draws = form.dataset.kind === "drawn";
    const row = draws ? this.now.containers.find((c) => c.id === id) : this.now.account.lines.find((line) => line.container_id === id);
    const amount = !row ? "" : draws ? Math.min(row.remaining_mg, this.wanted || row.unit_mg || 0) || "" : row.rest_mg;
    $('[name="amount_mg"]', form).value = amount;
    form.dataset.strength = row?.strength_mg_per_ml ?? this.now.containers.find((c) => c.id === id)?.strength_mg_per_ml ?? "";
  }

  #volume(form) {
    const amount = Number($('[name="amount_mg"]', form).value.replace(",", "."));
    const strength = Number(form.dataset.strength);
    const known = strength > 0 && amount > 0;
    write($("[data-volume]", form), known ? `${number(amount / strength, 3)} mL` : "");
    write($("[data-volume-of]", form), known ? `of ${number(strength, 3)} mg/mL` : "");
  }
}
