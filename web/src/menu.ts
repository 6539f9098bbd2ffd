// The menu under the bar, and the button in the bar that opens it.

import { ICONS, iconButton } from "./icons";
import { element } from "./render";
import type { Texts } from "./texts";

export class Menu {
  readonly button: HTMLButtonElement;
  readonly list = element("div", { class: "menu" });

  constructor(
    texts: Texts,
    private readonly focusInput: () => void,
  ) {
    this.button = iconButton("menu-button", ICONS.menu, texts.menu);
    this.button.setAttribute("aria-expanded", "false");
    this.button.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    this.list.hidden = true;
  }

  get isOpen(): boolean {
    return !this.list.hidden;
  }

  /** Adds an item that closes the menu and does something. */
  add(name: string, label: string, action: () => void): void {
    this.item(name, label).addEventListener("click", () => {
      this.close();
      action();
    });
  }

  /** Adds an item that is on or off; `turn` turns it over and says which it is now. */
  addSwitch(name: string, label: string, turn: () => boolean): void {
    const item = this.item(name, label);
    item.setAttribute("aria-pressed", "false");
    item.addEventListener("click", () => item.setAttribute("aria-pressed", String(turn())));
  }

  open(): void {
    this.toggle(true);
    this.list.querySelector("button")?.focus();
  }

  close(): void {
    this.toggle(false);
    this.focusInput();
  }

  /** Closes the menu for somebody who came to it with the keyboard and chose nothing. */
  leave(): void {
    this.toggle(false);
    this.button.focus();
  }

  private item(name: string, label: string): HTMLButtonElement {
    const item = element("button", { type: "button", class: name }, label);
    this.list.append(item);
    return item;
  }

  private toggle(open: boolean): void {
    this.list.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
  }
}
