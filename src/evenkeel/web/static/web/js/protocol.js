// The form of a protocol's draft: asks why only where a value is other than the shipped one, and
// counts what was changed. Without it every "why" is shown, and nothing else is lost.

const form = document.getElementById("edit");

function tidy(value) {
  return value.split(",").map((part) => part.trim()).filter(Boolean).map((part) => {
    const number = Number(part);
    return Number.isFinite(number) ? String(number) : part;
  }).join(", ");
}

function look(row) {
  const field = row.querySelector(".edit-value input, .edit-value select");
  row.classList.toggle("own", tidy(field.value) !== tidy(row.dataset.shipped));
}

// A block adds something as soon as anything is ticked or typed in it.
function lookAt(block) {
  const fields = [...block.querySelectorAll("input:not([type=hidden]), select[id='add.fact']")];
  const added = fields.some((field) => (field.type === "checkbox" ? field.checked : field.value.trim()));
  block.classList.toggle("own", added);
}

function count() {
  let all = 0;
  for (const place of form.querySelectorAll("[data-count]")) {
    const own = form.querySelectorAll(`.own[data-section="${place.dataset.count}"]`).length;
    place.textContent = own || "";
    all += own;
  }
  const said = form.querySelector("[data-changed]");
  said.textContent = all === 0 ? "Every value is the shipped one"
    : all === 1 ? "1 value is your clinic's own" : `${all} values are your clinic's own`;
}

if (form) {
  document.documentElement.classList.add("js");
  for (const row of form.querySelectorAll(".edit-row")) look(row);
  for (const block of form.querySelectorAll(".edit-block")) lookAt(block);
  count();
  form.addEventListener("input", (event) => {
    const block = event.target.closest(".edit-block");
    if (block) {
      lookAt(block);
      count();
      return;
    }
    const row = event.target.closest(".edit-row");
    if (!row || event.target.name?.startsWith("why.")) return;
    look(row);
    count();
  });
}
