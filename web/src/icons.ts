// Drawn, because not every system has a font with them.

import { element } from "./render";

export const ICONS = {
  chat: '<path d="M4 5h16v11H9l-5 4z"/>',
  menu: '<path d="M5 7h14M5 12h14M5 17h14"/>',
  close: '<path d="M6 6l12 12M18 6L6 18"/>',
};

export const PHOTO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2">' +
  '<path d="M4 8h4l2-3h4l2 3h4v11H4z"/><circle cx="12" cy="13" r="3.5"/></svg>';

export function iconButton(name: string, icon: string, label: string): HTMLButtonElement {
  const button = element("button", { type: "button", class: name, "aria-label": label });
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true">${icon}</svg>`;
  return button;
}
