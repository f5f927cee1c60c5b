// A slider beside a number field: moving it writes the field, typing in the field moves it. The field
// alone is sent, and may go further than the slider does.

function basisOf(form) {
  return form?.querySelector('input[name="basis"]:checked')?.value ?? "";
}

function show(slider) {
  const field = document.getElementById(slider.dataset.slides);
  const frame = slider.closest(".slides");
  if (!field || !frame) return;
  const wanted = frame.dataset.basis;
  frame.hidden = Boolean(wanted) && basisOf(field.form) !== wanted;
  const value = Number(field.value.replace(",", "."));
  const typed = field.value.trim() !== "" && Number.isFinite(value);
  if (typed) slider.value = String(value);
  slider.disabled = field.matches(":disabled");
  slider.classList.toggle("beyond", typed && (value < Number(slider.min) || value > Number(slider.max)));
  const low = Number(slider.min);
  const share = ((Number(slider.value) - low) / (Number(slider.max) - low)) * 100;
  slider.style.setProperty("--p", `${share}%`);
}

const sliders = [...document.querySelectorAll("input[data-slides]")];

document.addEventListener("input", (event) => {
  const slider = event.target.closest?.("input[data-slides]");
  if (slider) {
    const field = document.getElementById(slider.dataset.slides);
    field.value = slider.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return;
  }
  for (const one of sliders) if (one.dataset.slides === event.target.id) show(one);
});
document.addEventListener("change", (event) => {
  if (event.target.name === "basis") for (const one of sliders) show(one);
});
for (const one of sliders) show(one);
