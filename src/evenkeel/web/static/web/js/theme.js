// Light, dark or the system's choice. The server draws the page in the chosen theme from the cookie,
// so nothing flashes; localStorage keeps the choice where cookies are cleared at closing.
const NAME = "theme";
const THEMES = ["light", "dark"];

function remembered() {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}

export function applyTheme(theme) {
  const chosen = THEMES.includes(theme) ? theme : "";
  if (chosen) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
  for (const button of document.querySelectorAll("[data-theme-set]"))
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === chosen));
}

export function chooseTheme(theme) {
  const chosen = THEMES.includes(theme) ? theme : "";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${NAME}=${chosen}; Path=/; SameSite=Lax; Max-Age=${chosen ? 31536000 : 0}${secure}`;
  try {
    if (chosen) localStorage.setItem(NAME, chosen);
    else localStorage.removeItem(NAME);
  } catch {
    // storage may be closed; the cookie is enough
  }
  applyTheme(chosen);
  document.dispatchEvent(new CustomEvent("theme:change", { detail: { theme: chosen } }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-theme-set]");
  if (button) chooseTheme(button.dataset.themeSet);
});

if (!document.cookie.includes(`${NAME}=`) && THEMES.includes(remembered())) chooseTheme(remembered());
