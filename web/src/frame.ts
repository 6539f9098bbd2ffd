// What stands around the messages: the launcher, and the panel with its bar.

import { ICONS, iconButton } from "./icons";
import type { Menu } from "./menu";
import { element } from "./render";
import type { Status } from "./status";
import style from "./style.css?inline";
import type { Texts } from "./texts";

/** What a page may word itself. */
export interface Wording {
  heading: string;
  subtitle: string | null;
  launcher: string;
}

export class Frame {
  /** Where the messages are. */
  readonly place = element("div", { class: "chat" });
  private readonly panel = element("section", { class: "panel", role: "dialog", "aria-labelledby": "title" });
  private readonly launcher: HTMLButtonElement;

  constructor(
    root: ShadowRoot,
    wording: Wording,
    texts: Texts,
    private readonly menu: Menu,
    status: Status,
    private readonly chat: { open(): void; close(): void },
  ) {
    this.launcher = iconButton("launcher", ICONS.chat, wording.launcher);
    this.launcher.append(element("span", {}, wording.launcher));
    this.launcher.addEventListener("click", () => chat.open());
    this.panel.hidden = true;
    this.panel.append(this.bar(wording, texts), menu.list, status.line, this.place);
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      if (menu.isOpen) menu.leave();
      else chat.close();
    });
    root.append(element("style", {}, style), this.launcher, this.panel);
  }

  open(): void {
    this.launcher.hidden = true;
    this.panel.hidden = false;
  }

  close(): void {
    this.panel.hidden = true;
    this.launcher.hidden = false;
    this.launcher.focus();
  }

  private bar({ heading, subtitle }: Wording, texts: Texts): HTMLElement {
    const names = element("div", { class: "names" });
    names.append(element("h2", { id: "title" }, heading));
    if (subtitle) names.append(element("p", {}, subtitle));
    const closeButton = iconButton("close-button", ICONS.close, texts.close);
    closeButton.addEventListener("click", () => this.chat.close());
    const bar = element("div", { class: "bar" });
    bar.append(names, this.menu.button, closeButton);
    return bar;
  }
}
