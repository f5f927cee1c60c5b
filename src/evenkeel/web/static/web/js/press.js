// A button that acts only after it has been pressed for a second, so that a brush of the sleeve
// stops nothing: <button data-press="1000">. Pointer, Space and Enter all hold it down.
// A screen reader sends a bare click and cannot hold: there, a second press within five seconds acts.
// When the time is up the button sends `press:done`, and its form unless that event is cancelled.
const HELD_MS = 1000;
const AGAIN_MS = 5000;
const presses = new WeakMap();

function state(button) {
  if (!presses.has(button)) presses.set(button, { frame: 0, began: null, asked: -Infinity });
  return presses.get(button);
}

function bar(button) {
  let progress = button.querySelector("progress");
  if (!progress) {
    progress = document.createElement("progress");
    progress.max = 1;
    progress.setAttribute("aria-hidden", "true");
    button.append(progress);
  }
  return progress;
}

function say(button, words) {
  const place = button.querySelector("[data-press-say]");
  if (!place) return;
  place.dataset.rest ??= place.textContent;
  place.textContent = words ?? place.dataset.rest;
}

function finish(button) {
  cancel(button);
  const goOn = button.dispatchEvent(new CustomEvent("press:done", { bubbles: true, cancelable: true }));
  if (goOn && button.form && button.type === "submit") button.form.requestSubmit(button);
}

function begin(button) {
  const press = state(button);
  if (press.began !== null || button.disabled || button.getAttribute("aria-disabled") === "true") return;
  const length = Number(button.dataset.press) || HELD_MS;
  const progress = bar(button);
  press.began = performance.now();
  button.classList.add("pressing");
  say(button, button.dataset.pressing ?? "keep pressing");
  const step = (now) => {
    if (press.began === null) return;
    const share = Math.min(1, (now - press.began) / length);
    progress.value = share;
    if (share >= 1) finish(button);
    else press.frame = requestAnimationFrame(step);
  };
  press.frame = requestAnimationFrame(step);
}

function cancel(button) {
  const press = state(button);
  cancelAnimationFrame(press.frame);
  press.began = null;
  button.classList.remove("pressing");
  button.querySelector("progress")?.remove();
  say(button);
}

const pressed = (event) => event.target.closest?.("[data-press]");
const isKey = (event) => event.key === " " || event.key === "Enter";

document.addEventListener("pointerdown", (event) => {
  const button = pressed(event);
  if (button && event.button === 0) begin(button);
});
for (const name of ["pointerup", "pointercancel"])
  document.addEventListener(name, () => {
    for (const button of document.querySelectorAll(".pressing")) cancel(button);
  });
document.addEventListener("pointerout", (event) => {
  const button = pressed(event);
  if (button && !button.contains(event.relatedTarget)) cancel(button);
});
document.addEventListener("contextmenu", (event) => {
  if (pressed(event)) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  const button = pressed(event);
  if (!button || !isKey(event)) return;
  event.preventDefault();
  if (!event.repeat) begin(button);
});
document.addEventListener("keyup", (event) => {
  const button = pressed(event);
  if (!button || !isKey(event)) return;
  event.preventDefault();
  cancel(button);
});
document.addEventListener("focusout", (event) => {
  const button = pressed(event);
  if (button) cancel(button);
});
// the plain click at the end of a press never acts by itself
document.addEventListener("click", (event) => {
  const button = pressed(event);
  if (!button) return;
  event.preventDefault();
  if (event.detail !== 0 || event.pointerType) return;
  const press = state(button);
  const now = performance.now();
  if (now - press.asked < AGAIN_MS) {
    press.asked = -Infinity;
    finish(button);
  } else {
    press.asked = now;
    say(button, button.dataset.again ?? "press again to confirm");
  }
}, true);
