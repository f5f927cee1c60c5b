// A strip of links that is wider than the screen begins where the current one is in sight.
for (const current of document.querySelectorAll("nav > [aria-current]")) {
  const strip = current.parentElement;
  if (strip.scrollWidth <= strip.clientWidth) continue;
  const from = current.getBoundingClientRect().left - strip.getBoundingClientRect().left;
  strip.scrollLeft += from - (strip.clientWidth - current.clientWidth) / 2;
}
