// How what happens in the room is said; the server's setting_events.py says the same.
const data = JSON.parse(document.querySelector("#room-data")?.textContent ?? "{}");
const ending = (words) => (words ? `: ${words}` : "");
const named = (b, verb) => `${b.name}${data.roles?.[b.role] ? ` (${data.roles[b.role]})` : ""} ${verb}${ending(b.note)}`;

const WORDS = {
  setting: (b) => `Setting, ${[...Object.entries(b.items ?? {}).map(([key, words]) => `${(data.items?.[key] ?? key).toLowerCase()}: ${words}`), b.note].filter(Boolean).join("; ")}`,
  music: (b) => `${data.music?.[b.what] ?? "Music"}${b.title ? `, “${b.title}”` : ""}${b.volume ? `, ${b.volume}` : ""}${b.asked_by === "person" ? ", as the person asked" : ""}`,
  person_entered: (b) => named(b, "came in"),
  person_left: (b) => named(b, "left the room"),
  touch: (b) => `${data.touch?.[b.what] ?? "Touch"}${b.where ? `, ${data.where?.[b.where] ?? b.where}` : ""}${b.by_name ? `, ${b.by_name}` : ""}${ending(b.note)}${b.beyond ? ". Wider than agreed" : ""}`,
  stop_word: (b) => `Stop word said, ${b.followed ? "everything stopped" : "not everything stopped"}${ending(b.note)}`,
  intervention: (b) => `${data.interventions?.[b.what] ?? b.what}${ending(b.note)}`,
  disturbance: (b) => `Disturbance: ${b.what}${b.reaction ? `; ${b.reaction}` : ""}`,
  guide_step: (b) => `Step ${b.done ? "done" : "opened again"}: ${data.steps?.[b.step] ?? b.step.replaceAll("_", " ")}`,
};

/** The words of a setting event; empty for any other kind. */
export const settingWords = (event) => WORDS[event.kind]?.(event.body) ?? "";
