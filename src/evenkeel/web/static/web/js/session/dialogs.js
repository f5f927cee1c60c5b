// Entry dialogs. Each form says the kind of its event in data-kind and the type of each field in
// data-type; what is typed stays until the server has it or the person closes the dialog.
import { newActId } from "../form.js";
import { clockTime, serverNow } from "../clock.js";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const DAY = 86_400_000;
/** How long a dialog waits for the server before it leaves the entry to the queue. */
const PATIENCE_MS = 1500;

export class Dialogs {
  constructor({ send, onVoid, zone }) {
    this.send = send;
    this.onVoid = onVoid;
    this.zone = zone;
    for (const form of $$("form[data-kind]")) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#submit(form);
      });
      form.addEventListener("change", (event) => {
        delete form.dataset.sure;
        if (event.target.name === "when") this.#showEarlier(form);
      });
    }
    for (const dialog of $$("dialog[data-entry]")) {
      dialog.addEventListener("close", () => this.reset(dialog));
      dialog.addEventListener("click", (event) => {
        const clear = event.target.closest?.("[data-clear-choice]");
        if (clear) for (const input of $$(`input[name="${clear.dataset.clearChoice}"]`, dialog)) input.checked = false;
      });
    }
  }

  /** Open a dialog, empty or with what an earlier entry said. */
  open(id, { entry = null, values = null, correct = null, problem = null } = {}) {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return null;
    const form = $("form[data-kind]", dialog);
    if (form) {
      this.#fill(form, values ?? correct?.body ?? entry?.body ?? {});
      form.dataset.supersedes = correct?.id ?? entry?.supersedes ?? "";
      const about = correct ?? entry;
      this.#setTime(form, about ? Date.parse(about.happened_at) : null);
      const head = $("[data-correcting]", dialog);
      if (head) head.hidden = !form.dataset.supersedes;
      if (problem) this.#showProblem(form, problem);
    }
    dialog.showModal();
    ($("[data-first]", dialog) ?? $("input:not([type=hidden]), button", dialog))?.focus();
    return dialog;
  }

  reset(dialog) {
    for (const form of $$("form", dialog)) {
      form.reset();
      delete form.dataset.dirty;
      delete form.dataset.sure;
      form.dataset.supersedes = "";
      this.#clearProblem(form);
      this.#showEarlier(form);
    }
  }

  #fill(form, body) {
    const flat = { ...body, ...(body.answers ?? {}), ...(body.early ?? {}), ...(Array.isArray(body.items) ? {} : body.items) };
    for (const [name, value] of Object.entries(flat)) {
      const inputs = $$(`[name="${name}"]`, form);
      for (const input of inputs) {
        if (input.type === "radio") input.checked = input.value === String(value);
        else if (input.type === "checkbox") input.checked = Array.isArray(value) ? value.includes(input.value) : Boolean(value);
        else if (input.type !== "hidden") input.value = value;
      }
    }
  }

  #setTime(form, at) {
    const earlier = $('input[name="when"][value="earlier"]', form);
    const now = $('input[name="when"][value="now"]', form);
    if (!earlier) return;
    (at === null ? now : earlier).checked = true;
    form.dataset.at = at ?? "";
    $('input[name="time"]', form).value = clockTime(at ?? serverNow());
    this.#showEarlier(form);
  }

  #showEarlier(form) {
    const earlier = $('input[name="when"][value="earlier"]', form);
    const time = $("[data-earlier]", form);
    if (!time) return;
    time.hidden = !earlier.checked;
    if (earlier.checked && !$("input", time).value) $("input", time).value = clockTime(serverNow());
  }

  /** The moment the form names: now, or the latest moment with that clock time. */
  happenedAt(form) {
    const chosen = new FormData(form);
    if (chosen.get("when") !== "earlier") return serverNow();
    const kept = Number(form.dataset.at);
    const typed = String(chosen.get("time"));
    if (!/^\d\d:\d\d/.test(typed)) return null;
    // an unchanged time keeps its seconds
    if (kept && clockTime(kept) === typed.slice(0, 5)) return kept;
    const [hours, minutes] = typed.split(":").map(Number);
    const now = serverNow();
    const [nowHours, nowMinutes] = clockTime(now).split(":").map(Number);
    const back = ((nowHours - hours) * 60 + (nowMinutes - minutes)) * 60_000;
    const at = Math.floor(now / 60_000) * 60_000 - back;
    return at > now ? at - DAY : at;
  }

  /** The body of the event as the form states it. Raises a problem for what is no number. */
  read(form) {
    const body = {};
    const wrong = {};
    for (const input of form.elements) {
      const { name, dataset } = input;
      if (!dataset.type || input.disabled || input.closest("[hidden]")) continue;
      if (dataset.type === "list") {
        // a list nobody opened was not asked
        if (!input.checked && input.closest("details:not([open])")) continue;
        body[name] ??= [];
        if (input.checked) body[name].push(input.value);
        continue;
      }
      if (input.type === "radio" && !input.checked) continue;
      const raw = input.type === "checkbox" ? input.checked : input.value.trim();
      if (raw === "" || (input.type === "checkbox" && !raw)) continue;
      if (dataset.type === "number") {
        const value = Number(String(raw).replace(",", "."));
        if (Number.isFinite(value)) body[name] = value;
        else wrong[name] = "Enter a number.";
      } else if (dataset.type === "bool") body[name] = raw === true || raw === "true";
      else body[name] = raw;
    }
    for (const [name, value] of Object.entries(body)) if (Array.isArray(value) && !value.length && !form.dataset.emptyLists) delete body[name];
    return { body, wrong };
  }

  /** The questions of a form that nobody has answered, in words. */
  #unanswered(form) {
    const fields = $$("[data-field]", form).filter((field) => !field.closest("[hidden]"));
    const blank = fields.filter((field) => {
      const inputs = $$("[data-type]", field);
      if (inputs[0]?.dataset.type === "list") return field.closest("details:not([open])") && !inputs.some((i) => i.checked);
      return !inputs.some((i) => (i.type === "radio" ? i.checked : i.value.trim()));
    });
    return blank.map((field) => ($("legend, .lab", field) ?? $("summary", field.closest("details"))).textContent.trim());
  }

  async #submit(form) {
    this.#clearProblem(form);
    const { body, wrong } = this.read(form);
    const at = this.happenedAt(form);
    if (at === null) wrong.time = "Enter the time as hours and minutes.";
    if (at !== null && at > serverNow() + 60_000) wrong.time = "This time has not come yet.";
    if (Object.keys(wrong).length) return this.#showProblem(form, { detail: "Some of this cannot be right.", fields: wrong });
    const open = form.dataset.askAll && !form.dataset.sure ? this.#unanswered(form) : [];
    if (open.length) {
      form.dataset.sure = "yes";
      return this.#showProblem(form, {
        detail: `Not answered yet: ${open.join("; ")}.`,
        what_to_do: "Answer them, or press again to judge as it stands: the person is then held back.",
      });
    }
    const dialog = form.closest("dialog");
    const entry = {
      id: newActId(),
      kind: form.dataset.kind,
      happened_at: new Date(at).toISOString(),
      body: form.dataset.nest ? { [form.dataset.nest]: body } : body,
      supersedes: form.dataset.supersedes || null,
    };
    const button = $('button[type="submit"]', form);
    button.setAttribute("aria-disabled", "true");
    const fate = this.send(entry, form);
    // a line of the ledger never waits in the queue: the dialog stays until its fate is known
    const soon = form.dataset.ledger ? await fate : await Promise.race([fate, new Promise((done) => setTimeout(done, PATIENCE_MS, { waiting: true }))]);
    button.removeAttribute("aria-disabled");
    if (soon.refused) return this.#showProblem(form, soon.problem);
    // a refusal that comes late opens the dialog again with what was typed: see main.js
    if (form.dataset.after) return form.dispatchEvent(new CustomEvent("entry:stored", { bubbles: true, detail: soon }));
    dialog.close();
  }

  #showProblem(form, problem) {
    const fields = { ...(problem.fields ?? {}) };
    const box = $("[data-problem]", form);
    const named = [];
    for (const [name, message] of Object.entries(fields)) {
      const input = $(`[name="${name === "happened_at" ? "time" : name}"]`, form);
      const field = input?.closest("[data-field]");
      if (!field) continue;
      named.push(name);
      field.classList.add("wrong");
      const line = document.createElement("p");
      line.className = "field-wrong";
      line.id = `${form.closest("dialog").id}-${name}-wrong`;
      line.textContent = message;
      field.append(line);
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", line.id);
    }
    const rest = Object.entries(fields).filter(([name]) => !named.includes(name)).map(([, message]) => message);
    box.replaceChildren();
    for (const text of [problem.detail ?? problem.title ?? "This could not be stored.", ...rest, problem.what_to_do].filter(Boolean)) {
      const line = document.createElement("p");
      line.textContent = text;
      box.append(line);
    }
    box.hidden = false;
    box.focus();
    form.dispatchEvent(new CustomEvent("entry:refused", { bubbles: true, detail: problem }));
  }

  #clearProblem(form) {
    const box = $("[data-problem]", form);
    if (box) { box.hidden = true; box.replaceChildren(); }
    for (const line of $$(".field-wrong", form)) line.remove();
    for (const field of $$(".wrong", form)) field.classList.remove("wrong");
    for (const input of $$("[aria-invalid]", form)) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
  }
}

export { $, $$ };
