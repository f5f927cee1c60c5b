// A typed reading far from what was expected of this person is asked about before it is saved. It is
// never refused for that: what was measured is what is recorded.
import { serverNow } from "../clock.js";
import { el, write } from "./panels.js";

/** Watch entry forms; `ahead` knows what was expected. */
export function watchForDoubt(forms, ahead) {
  for (const form of forms) {
    const box = el("p.doubt");
    box.setAttribute("role", "status");
    form.querySelector(".actions").before(box);
    const look = () => {
      const typed = [...form.elements].filter((i) => i.dataset.type === "number" && i.value !== "" && (i.type !== "radio" || i.checked));
      const doubts = typed.map((i) => ahead.doubt(i.name, Number(i.value), serverNow())).filter(Boolean);
      write(box, doubts.join(" "));
    };
    for (const kind of ["change", "input", "reset"]) form.addEventListener(kind, () => queueMicrotask(look));
  }
}
