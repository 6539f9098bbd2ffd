// The page's colours, and light or dark.

const PROPERTIES = {
  accent: "--chat-accent",
  "accent-ink": "--chat-accent-ink",
  radius: "--chat-radius",
  font: "--chat-font",
};

/** Takes an element's theme from its attributes. */
export function applyTheme(chat: HTMLElement): void {
  for (const [attribute, property] of Object.entries(PROPERTIES)) {
    const value = chat.getAttribute(attribute);
    if (value) chat.style.setProperty(property, value);
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const wanted = chat.getAttribute("theme") ?? "auto";
  const apply = () => {
    chat.dataset.scheme = wanted === "auto" ? (dark.matches ? "dark" : "light") : wanted;
  };
  dark.addEventListener("change", apply);
  apply();
}
