// The clinic's time on every screen. The server says its time once, in
// <meta name="server-now" content="ISO 8601" data-speed="1" data-zone="Area/City">; from there the
// page counts with the browser's steady clock, so a wrong clock on this machine changes nothing.
const meta = document.querySelector('meta[name="server-now"]');
const began = performance.now();
const base = meta ? Date.parse(meta.content) : Date.now();
const speed = Number(meta?.dataset.speed) || 1;
let offset = 0;

/** Milliseconds since the epoch by the server's clock. */
export function serverNow() {
  return base + offset + (performance.now() - began) * speed;
}

/** Set the clock again from a newer word of the server (a stream's heartbeat). */
export function correctClock(iso) {
  const told = Date.parse(iso);
  if (Number.isFinite(told)) offset += told - serverNow();
}

function formatter(seconds) {
  const parts = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (seconds) parts.second = "2-digit";
  try {
    return new Intl.DateTimeFormat("en-GB", { ...parts, timeZone: meta?.dataset.zone || undefined });
  } catch {
    return new Intl.DateTimeFormat("en-GB", parts);
  }
}
const withSeconds = formatter(true);
const withMinutes = formatter(false);

/** Write a moment as the clinic's clock time. */
export function clockTime(ms, seconds = false) {
  return (seconds ? withSeconds : withMinutes).format(ms);
}

/** Write a length of time as m:ss, or h:mm:ss from an hour on. */
export function minutesSeconds(ms) {
  const whole = Math.max(0, Math.round(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const now = serverNow();
  for (const element of document.querySelectorAll("[data-clock]"))
    write(element, clockTime(now, element.dataset.clock === "seconds"));
  for (const element of document.querySelectorAll("[data-countdown]")) {
    const left = Date.parse(element.dataset.countdown) - now;
    element.classList.toggle("overdue", left < 0);
    write(element, left < 0 ? `+${minutesSeconds(-left)}` : minutesSeconds(left));
  }
  for (const element of document.querySelectorAll("[data-since]"))
    write(element, minutesSeconds(now - Date.parse(element.dataset.since)));
}

tick();
setInterval(tick, speed > 1 ? 250 : 1000);
