// Asks what was done about an alarm: short choices and a few words. Nobody is asked twice, and
// nothing is taken for granted: a hold or an emergency is not answered without it.
import { el } from "./panels.js";

let asking = null;

function choice([code, words], chosen) {
  const input = Object.assign(document.createElement("input"), { type: "checkbox", name: "done", value: code, checked: chosen.includes(code) });
  const label = el("label.choice", input, el("span", words));
  return label;
}

function frame(title, what) {
  const dialog = el("dialog.answer");
  const close = el("button.dialog-close", "×");
  Object.assign(close, { type: "button" });
  close.setAttribute("aria-label", "Close");
  close.addEventListener("click", () => dialog.close());
  const heading = el("h2", title);
  heading.id = "answer-title";
  dialog.setAttribute("aria-labelledby", "answer-title");
  dialog.append(el("div.dialog-head", heading, close));
  const form = el("form.dialog-body.entry", el("p.answer-what", what));
  form.noValidate = true;
  dialog.append(form);
  return { dialog, form };
}

function fill(form, { choices, must, said }) {
  const group = el("fieldset", el("legend.vh", "What was done"), el("div.choices.answer-choices", ...choices.map((one) => choice(one, said.done ?? []))));
  const words = Object.assign(document.createElement("input"), { type: "text", name: "note", maxLength: 400, autocomplete: "off", value: said.note ?? "" });
  const field = el("label.field", el("span.lab", "In a few words ", el("small", must ? "where no choice fits" : "(optional)")), words);
  const problem = el("div.problem", "Say what was done: choose at least one, or write it.");
  problem.setAttribute("role", "alert");
  problem.hidden = true;
  const go = Object.assign(el("button.btn.go", "Acknowledge"), { type: "submit" });
  const cancel = Object.assign(el("button.btn", "Cancel"), { type: "button" });
  form.append(group, field, problem, el("div.actions", go, cancel));
  return { words, problem, cancel };
}

/**
 * Resolves to {done: [codes], note} or to null where the person went back.
 * `choices` are [code, words]; `must`: something has to be said; `said` what was said before.
 */
export function askWhatWasDone({ what, choices, must, said = {}, title = "What was done?" }) {
  asking?.close();
  const { dialog, form } = frame(title, what);
  const { words, problem, cancel } = fill(form, { choices, must, said });
  document.body.append(dialog);
  asking = dialog;
  return new Promise((resolve) => {
    let answer = null;
    cancel.addEventListener("click", () => dialog.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const done = [...form.querySelectorAll('input[name="done"]:checked')].map((input) => input.value);
      const note = words.value.trim();
      if (must && !done.length && !note) {
        problem.hidden = false;
        form.querySelector("input").focus();
        return;
      }
      answer = { ...(done.length && { done }), ...(note && { note }) };
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      if (asking === dialog) asking = null;
      dialog.remove();
      resolve(answer);
    });
    dialog.showModal();
    form.querySelector("input")?.focus();
  });
}
