// A typed reading far from what was expected of this person is asked about before it is saved. It is
// never refused for that: what was measured is what is recorded.
import { Ahead } from "./ahead.js";
import { el, write } from "./panels.js";

/** Watch entry forms; `ahead` knows what was expected, `timeOf` which moment a form speaks of. */
export function watchForDoubt(forms, ahead, timeOf) {
  for (const form of forms) {
    const box = el("p.doubt");
    box.setAttribute("role", "status");
    form.querySelector(".actions").before(box);
    const look = (typing) => {
      const at = timeOf(form);
      const typed = at === null ? [] : [...form.elements].filter((i) => i.dataset.type === "number" && i.value !== "" && (i.type !== "radio" || i.checked));
      const doubts = typed.map((i) => [i.name, ahead.doubt(i.name, i.value, at, i === typing)]).filter(([, words]) => words);
      const device = doubts.some(([name]) => Ahead.isMeasured(name)) ? ", then the cuff or probe," : "";
      const said = doubts.map(([, words]) => words).join(", ");
      write(box, said && `${said[0].toUpperCase()}${said.slice(1)} was expected here. Look at the person${device} and the figure; then save what it is.`);
    };
    // at once while it is typed: words that came with leaving the field would move the button
    // from under the finger that presses it
    form.addEventListener("input", (event) => look(event.target));
    for (const kind of ["change", "reset"]) form.addEventListener(kind, () => queueMicrotask(() => look(null)));
  }
}
