// What every form needs: an act id, one sending at a time, a warning before unsaved words are lost,
// and sliders that say their value. Nothing typed is ever stored in the browser.

export function newActId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function actFields(root) {
  return root.querySelectorAll?.('input[type="hidden"][name="act_id"]') ?? [];
}

function fillActs(root, renew = false) {
  for (const field of actFields(root)) if (renew || !field.value) field.value = newActId();
}

function release(form) {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll("[data-was-label]")) {
    button.removeAttribute("aria-disabled");
    if (!button.children.length) button.textContent = button.dataset.wasLabel;
    delete button.dataset.wasLabel;
  }
}

function hold(submitter) {
  if (!submitter) return;
  submitter.setAttribute("aria-disabled", "true");
  submitter.dataset.wasLabel = submitter.textContent;
  if (!submitter.children.length) submitter.textContent = submitter.dataset.sendingLabel ?? "Saving…";
}

const byHtmx = (form) => form.matches("[hx-post],[hx-put],[hx-patch],[hx-delete],[hx-get],[hx-boost]");

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "get" && !byHtmx(form)) return;
  if (form.dataset.sending) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  fillActs(form);
  form.dataset.sending = "true";
  // after this turn: the pressed button's own name and value still travel, and a script that took
  // the form over has said so
  setTimeout(() => {
    if (event.defaultPrevented && !byHtmx(form)) {
      release(form);
      return;
    }
    delete form.dataset.dirty;
    hold(event.submitter);
  }, 0);
}, true);

// A stored act is finished: the same form sent again is a new act. A failed sending keeps its id,
// so that trying again stores it once.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail?.elt?.closest?.("form");
  if (!form) return;
  release(form);
  if (event.detail.successful) fillActs(form, true);
});
document.addEventListener("htmx:load", (event) => {
  fillActs(event.detail.elt);
  showRanges(event.detail.elt);
});

window.addEventListener("pageshow", (event) => {
  for (const form of document.forms) release(form);
  if (event.persisted) fillActs(document, true);
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.hasAttribute("data-guard")) form.dataset.dirty = "true";
  if (event.target.type === "range") showRange(event.target);
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector('form[data-dirty="true"]')) event.preventDefault();
});

function showRange(input) {
  const low = Number(input.min || 0);
  const high = Number(input.max || 100);
  const share = high > low ? ((Number(input.value) - low) / (high - low)) * 100 : 0;
  input.style.setProperty("--p", `${share}%`);
  const output = input.closest(".slider")?.querySelector("output [data-value]");
  if (output) output.textContent = input.value;
}
function showRanges(root) {
  for (const input of root.querySelectorAll?.('input[type="range"]') ?? []) showRange(input);
}

fillActs(document);
showRanges(document);
document.querySelector("[data-focus]")?.focus();
