// <parlance-chat>: a launcher and a panel with deep-chat in it. docs/web-chat.md lists the attributes.

import "deep-chat";
import type { DeepChat } from "deep-chat";
import chatStyle from "./chat.css?inline";
import { Connection, type Listener } from "./connection";
import { plainToHtml } from "./markdown";
import type { Parcel } from "./outbox";
import type { Entry, Refusal, Session } from "./protocol";
import { answerHtml, element, visitorHtml } from "./render";
import style from "./style.css?inline";
import { fill, textsFor, type Texts } from "./texts";

interface WindowWithPlugins extends Window {
  remarkable_plugins?: { plugin: (renderer: Renderer) => void }[];
}

/** The part of deep-chat's Markdown renderer that is replaced. */
interface Renderer {
  options: { showAsTyped?: boolean };
  render: (text: string) => string;
}

// deep-chat shows what a visitor types as Markdown, with any link in it. Here it is shown as it was typed. The option
// marks this widget's own chat, so that another one on the page stays as it is.
const host = window as WindowWithPlugins;
(host.remarkable_plugins ??= []).push({
  plugin: (renderer) => {
    if (renderer.options.showAsTyped) renderer.render = plainToHtml;
  },
});

const ICONS = {
  chat: '<path d="M4 5h16v11H9l-5 4z"/>',
  menu: '<path d="M5 7h14M5 12h14M5 17h14"/>',
  close: '<path d="M6 6l12 12M18 6L6 18"/>',
};
const PHOTO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2">' +
  '<path d="M4 8h4l2-3h4l2 3h4v11H4z"/><circle cx="12" cy="13" r="3.5"/></svg>';

const SETTLING_MS = 40;

export class ParlanceChat extends HTMLElement implements Listener {
  private texts: Texts = textsFor("en");
  private language = "en";
  private server = "";
  private connection!: Connection;
  private chat!: DeepChat;
  private session?: Session;
  private isTyping = false;
  private aloud = false;
  private built = false;
  private online = true;
  private focusWanted = false;
  private begun = false;
  private settling?: ReturnType<typeof setTimeout>;
  private readonly loading = { toggle: () => undefined as void };
  private readonly root = this.attachShadow({ mode: "open" });
  private readonly sent = new Set<string>();

  connectedCallback(): void {
    if (this.built) {
      // Back in a page after a while out of it; a move within the page never stopped the connection.
      if (this.hasAttribute("open")) this.begin();
      return;
    }
    this.built = true;
    this.server = (this.getAttribute("server") ?? "").replace(/\/$/, "");
    this.language = this.getAttribute("language") || document.documentElement.lang || navigator.language || "en";
    this.texts = textsFor(this.language);
    this.connection = new Connection(this.server, this);
    this.connection.identityToken = this.getAttribute("identity-token") ?? "";
    this.applyTheme();
    this.buildFrame();
    const wasOpen = sessionStorageItem("parlance-chat-open") === "yes";
    if (this.getAttribute("start") === "open" || (wasOpen && this.connection.hasConversation)) this.open(false);
  }

  disconnectedCallback(): void {
    // A page that moves the element takes it out and puts it in again at once.
    setTimeout(() => {
      if (!this.isConnected) this.connection.stop();
    });
  }

  // for pages ----------------------------------------------------------------------------------------------------

  /** Opens the panel. */
  open(focus = true): void {
    this.setAttribute("open", "");
    this.piece("launcher").hidden = true;
    this.piece("panel").hidden = false;
    setSessionStorageItem("parlance-chat-open", "yes");
    this.focusWanted = focus;
    if (!this.chat) this.buildChat();
    else this.begin();
  }

  /** Closes the panel. */
  close(): void {
    this.removeAttribute("open");
    this.piece("panel").hidden = true;
    this.piece("launcher").hidden = false;
    this.piece("launcher").focus();
    setSessionStorageItem("parlance-chat-open", "no");
    if ("speechSynthesis" in window) speechSynthesis.cancel();
  }

  /** Says something in the visitor's name; `payload` is what the assistant gets where it differs. */
  say(text: string, payload?: string): void {
    const id = this.connection.send("messages", { text: payload ?? text, title: text, locale: this.language });
    this.showVisitor({ id, text });
  }

  /** The shop's signed token for the customer who is signed in; empty for nobody. */
  set identityToken(token: string) {
    if (token === this.connection.identityToken) return;
    this.connection.identityToken = token;
    this.connection.reconnect();
  }

  // the frame ----------------------------------------------------------------------------------------------------

  private piece<Part extends HTMLElement = HTMLElement>(name: string): Part {
    return this.root.querySelector<Part>(`.${name}`)!;
  }

  private applyTheme(): void {
    const properties = { accent: "--chat-accent", "accent-ink": "--chat-accent-ink", radius: "--chat-radius", font: "--chat-font" };
    for (const [attribute, property] of Object.entries(properties)) {
      const value = this.getAttribute(attribute);
      if (value) this.style.setProperty(property, value);
    }
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const wanted = this.getAttribute("theme") ?? "auto";
    const apply = () => {
      this.dataset.scheme = wanted === "auto" ? (dark.matches ? "dark" : "light") : wanted;
    };
    dark.addEventListener("change", apply);
    apply();
  }

  private buildFrame(): void {
    const { texts } = this;
    const title = this.getAttribute("heading") || texts.chat;
    const launcher = iconButton("launcher", ICONS.chat, this.getAttribute("launcher-label") || texts.open);
    launcher.append(element("span", {}, this.getAttribute("launcher-label") || texts.open));
    launcher.addEventListener("click", () => this.open());

    const names = element("div", { class: "names" });
    names.append(element("h2", { id: "title" }, title));
    const subtitle = this.getAttribute("subtitle");
    if (subtitle) names.append(element("p", {}, subtitle));
    const menuButton = iconButton("menu-button", ICONS.menu, texts.menu);
    menuButton.setAttribute("aria-expanded", "false");
    menuButton.addEventListener("click", () => this.showMenu(Boolean(this.piece("menu").hidden)));
    const closeButton = iconButton("close-button", ICONS.close, texts.close);
    closeButton.addEventListener("click", () => this.close());
    const bar = element("div", { class: "bar" });
    bar.append(names, menuButton, closeButton);

    const status = element("div", { class: "status", role: "status" });
    status.hidden = true;
    const panel = element("section", { class: "panel", role: "dialog", "aria-labelledby": "title" });
    panel.hidden = true;
    panel.append(bar, this.buildMenu(), status, element("div", { class: "chat" }));
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      if (this.piece("menu").hidden) this.close();
      else this.showMenu(false, true);
    });
    this.root.append(element("style", {}, style), launcher, panel);
  }

  private buildMenu(): HTMLElement {
    const { texts } = this;
    const menu = element("div", { class: "menu" });
    menu.hidden = true;
    const add = (name: string, label: string, action: (button: HTMLButtonElement) => void, keepsOpen = false) => {
      const button = element("button", { type: "button", class: name }, label);
      button.addEventListener("click", () => {
        if (!keepsOpen) this.showMenu(false);
        action(button);
      });
      menu.append(button);
      return button;
    };
    add("person", texts.person, () => this.say(texts.person, this.getAttribute("person-payload") ?? "/human_handoff"));
    add("restart", texts.restart, () => this.connection.send("restart", {}));
    add("transcript", texts.transcript, () => void this.saveTranscript());
    if ("speechSynthesis" in window) {
      const toggle = add("aloud", texts.readAloud, (button) => this.toggleAloud(button), true);
      toggle.setAttribute("aria-pressed", "false");
    }
    return menu;
  }

  private showMenu(shown: boolean, focus: boolean = shown): void {
    this.piece("menu").hidden = !shown;
    this.piece("menu-button").setAttribute("aria-expanded", String(shown));
    if (focus) (shown ? this.piece("person") : this.piece("menu-button")).focus();
    else this.focusInput();
  }

  private showStatus(text: string, forSeconds?: number): void {
    const status = this.piece("status");
    status.textContent = text;
    status.hidden = !text;
    if (text && forSeconds) {
      setTimeout(() => {
        if (status.textContent === text) this.showStatus(this.online ? "" : this.texts.offline);
      }, forSeconds * 1000);
    }
  }

  // deep-chat ----------------------------------------------------------------------------------------------------

  private buildChat(): void {
    const { texts } = this;
    const chat = (this.chat = document.createElement("deep-chat"));
    chat.style.fontFamily = "inherit"; // without a font of its own, deep-chat fetches one from a third party
    const bubble = { borderRadius: "14px", padding: "9px 13px", maxWidth: "85%", fontSize: "15px" };
    const said = { ...bubble, backgroundColor: "var(--bubble)", color: "var(--ink)" };
    const own = { ...bubble, backgroundColor: "var(--accent)", color: "var(--accent-ink)" };
    Object.assign(chat, {
      connect: {
        websocket: true,
        handler: (_body: unknown, signals: { onOpen: () => void; newUserMessage: { listener: (body: unknown) => void } }) => {
          signals.onOpen();
          signals.newUserMessage.listener = (body) => this.onTyped(body);
        },
      },
      remarkable: { html: false, showAsTyped: true },
      displayLoadingBubble: this.loading,
      textInput: {
        placeholder: { text: texts.placeholder, style: { color: "var(--quiet)" } },
        styles: {
          container: { backgroundColor: "var(--paper)", border: "1px solid var(--line)", borderRadius: "14px" },
          text: { color: "var(--ink)", fontSize: "16px" },
        },
      },
      speechToText: speechSettings(this.language),
      customButtons: [
        {
          position: "inside-start",
          tooltip: { text: texts.photo },
          styles: { button: { default: { svg: { content: PHOTO, styles: { default: { width: "22px" } } } } } },
          onClick: () => this.choosePhoto(),
        },
      ],
      messageStyles: {
        default: { user: { bubble: own }, ai: { bubble: said } },
        html: { user: { bubble: own }, ai: { bubble: said } },
        loading: { message: { styles: { bubble: { ...said, color: "var(--quiet)" } } } },
      },
      chatStyle: { width: "100%", height: "100%", border: "0", backgroundColor: "var(--paper)", fontFamily: "inherit" },
      inputAreaStyle: { backgroundColor: "var(--paper)" },
      auxiliaryStyle: chatStyle,
    });
    this.piece("chat").append(chat);
    new MutationObserver(() => this.onRendered()).observe(chat.shadowRoot!, { childList: true, subtree: true });
    chat.shadowRoot!.addEventListener("click", (event) => this.onClick(event as MouseEvent));
  }

  /** deep-chat renders itself more than once as it starts, and its buttons whenever they change. */
  private onRendered(): void {
    this.describe();
    if (this.begun) return;
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.begun = true;
      this.greet();
      this.begin();
    }, SETTLING_MS);
  }

  private begin(): void {
    if (!this.begun) return;
    this.connection.start();
    if (this.focusWanted) this.focusInput();
    this.focusWanted = false;
  }

  /** Tells screen readers what deep-chat's parts are. */
  private describe(): void {
    const { texts } = this;
    const parts: Record<string, Record<string, string>> = {
      "#messages": { role: "log", "aria-live": "polite", "aria-label": texts.log, tabindex: "0" },
      "#text-input": { role: "textbox", "aria-multiline": "true", "aria-label": texts.placeholder },
      ".input-button.outside-end": { "aria-label": texts.send },
      "#microphone-button": { "aria-label": texts.speak },
      ".custom-button": { "aria-label": texts.photo },
    };
    for (const [selector, attributes] of Object.entries(parts)) {
      const found = this.chat.shadowRoot!.querySelector(selector);
      for (const [name, value] of Object.entries(attributes)) found?.setAttribute(name, value);
    }
  }

  private focusInput(): void {
    this.chat?.focusInput?.();
  }

  private find(id: string): HTMLElement | null {
    return this.chat.shadowRoot!.querySelector(`[data-entry="${CSS.escape(id)}"]`);
  }

  private greet(): void {
    const suggestions = (this.getAttribute("suggestions") ?? "").split("|").filter((title) => title.trim());
    const greeting: Entry = {
      number: 0,
      id: "greeting",
      kind: "notice",
      at: Date.now() / 1000,
      text: this.getAttribute("greeting") || this.texts.greeting,
      buttons: suggestions.map((title) => ({ title: title.trim() })),
    };
    this.chat.addMessage({ role: "ai", html: answerHtml(greeting, this.rendering) });
  }

  private get rendering() {
    return { texts: this.texts, language: this.language, pictures: `${this.server}/pictures` };
  }

  // the visitor --------------------------------------------------------------------------------------------------

  /** deep-chat has shown what was typed; it remains to send it. */
  private onTyped(body: unknown): void {
    const text = (body as { messages?: { text?: string }[] }).messages?.at(-1)?.text ?? "";
    const id = this.connection.send("messages", { text, locale: this.language });
    const bubbles = this.chat.shadowRoot!.querySelectorAll<HTMLElement>(".user-message-text");
    this.mark(bubbles[bubbles.length - 1], id);
  }

  private mark(bubble: HTMLElement | undefined, id: string): void {
    this.sent.add(id);
    if (bubble) {
      bubble.dataset.entry = id;
      bubble.classList.toggle("waiting", this.connection.isWaiting(id));
    }
    this.retireReplies();
    if (this.online) this.onTyping(true);
  }

  private showVisitor(entry: Pick<Entry, "id" | "text" | "attachment">): void {
    this.chat.addMessage({ role: "user", html: visitorHtml(entry, this.texts) });
    this.mark(this.find(entry.id) ?? undefined, entry.id);
  }

  private retireReplies(): void {
    for (const answer of this.chat.shadowRoot!.querySelectorAll(".answer")) answer.classList.add("past");
  }

  private onClick(event: MouseEvent): void {
    const target = (event.target as Element).closest<HTMLElement>("[data-payload], [data-rating]");
    if (!target) return;
    if (target.dataset.payload !== undefined) {
      this.say(target.textContent ?? "", target.dataset.payload);
      this.focusInput();
    } else {
      const answer = target.closest<HTMLElement>("[data-entry]")!.dataset.entry!;
      const rating = target.dataset.rating as "up" | "down";
      this.showRating(answer, rating);
      this.connection.send("feedback", { answer, rating });
    }
  }

  private showRating(answer: string, rating: string): void {
    for (const thumb of this.find(answer)?.querySelectorAll<HTMLElement>("[data-rating]") ?? []) {
      thumb.setAttribute("aria-pressed", String(thumb.dataset.rating === rating));
    }
  }

  private choosePhoto(): void {
    const input = element("input", { type: "file", accept: (this.session?.upload_types ?? []).join(",") });
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file) void this.sendPhoto(file);
    });
    input.click();
  }

  /** Sends a photo; it is shown when the server has it. */
  async sendPhoto(file: File): Promise<void> {
    const limit = this.session?.upload_bytes ?? 0;
    if (file.size > limit) {
      this.showStatus(fill(this.texts.too_large, { megabytes: limit / 1_000_000 }), 8);
      return;
    }
    try {
      const upload = await this.connection.upload(file);
      this.connection.send("messages", { upload, locale: this.language });
      this.retireReplies();
    } catch (error) {
      const refusal = (error as { refusal?: Refusal }).refusal;
      this.onRefusal(refusal ?? { code: "upload_failed", problem: "" });
    }
  }

  private async saveTranscript(): Promise<void> {
    try {
      const link = element("a", { download: `chat-${new Date().toISOString().slice(0, 10)}.txt` });
      link.href = URL.createObjectURL(await this.connection.transcript());
      link.click();
      URL.revokeObjectURL(link.href);
    } catch {
      this.showStatus(this.texts.connecting, 5);
    }
  }

  private toggleAloud(button: HTMLButtonElement): void {
    this.aloud = !this.aloud;
    button.setAttribute("aria-pressed", String(this.aloud));
    if (!this.aloud) speechSynthesis.cancel();
  }

  private speak(id: string): void {
    const words = this.find(id)?.querySelector(".words")?.textContent;
    if (!words) return;
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.lang = this.language;
    speechSynthesis.speak(utterance);
  }

  // what the server says -----------------------------------------------------------------------------------------

  private isLive = false;

  onSession(session: Session): void {
    this.session = session;
  }

  onFresh(): void {
    this.isLive = false;
    this.clear();
  }

  private clear(): void {
    this.onTyping(false);
    this.sent.clear();
    this.chat.clearMessages(true);
    this.greet();
  }

  onEntry(entry: Entry): void {
    if (entry.kind === "restart") this.clear();
    else if (entry.kind === "feedback") this.showRating(entry.answer!, entry.rating!);
    else if (entry.kind === "user") this.onVisitorEntry(entry);
    else this.onAnswer(entry);
  }

  private onVisitorEntry(entry: Entry): void {
    if (this.sent.has(entry.id)) {
      this.find(entry.id)?.classList.remove("waiting");
      return;
    }
    this.showVisitor(entry);
    const picture = this.find(entry.id)?.querySelector<HTMLImageElement>("[data-upload]");
    if (picture) void this.loadPicture(picture);
  }

  private async loadPicture(picture: HTMLImageElement): Promise<void> {
    try {
      picture.src = URL.createObjectURL(await this.connection.picture(picture.dataset.upload!));
    } catch {
      // Its description stands in for it.
    }
  }

  private onAnswer(entry: Entry): void {
    this.chat.addMessage({ role: "ai", html: answerHtml(entry, this.rendering) });
    if (this.isLive && this.aloud && entry.kind === "bot") this.speak(entry.id);
  }

  onReady(waiting: Parcel[]): void {
    this.isLive = true;
    for (const { path, body } of waiting) {
      if (path === "messages" && !body.upload && !this.sent.has(body.id)) {
        this.showVisitor({ id: body.id, text: body.title ?? body.text });
      }
    }
    this.toggleAttribute("ready", true);
  }

  onTyping(on: boolean): void {
    if (on === this.isTyping) return;
    this.isTyping = on;
    this.loading.toggle();
  }

  onOnline(online: boolean): void {
    this.online = online;
    if (!online) this.onTyping(false);
    this.showStatus(online ? "" : navigator.onLine ? this.texts.connecting : this.texts.offline);
  }

  onRefusal(refusal: Refusal, id?: string): void {
    const known = refusal.code in this.texts ? (refusal.code as keyof Texts) : "failed";
    const megabytes = (this.session?.upload_bytes ?? 0) / 1_000_000;
    const limit = this.session?.message_length ?? 0;
    const code = known === "too_large" && id ? "too_long" : known;
    this.onTyping(false);
    this.showStatus(fill(this.texts[code], { ...refusal, megabytes, limit }), refusal.wait ?? 8);
  }

  onIdentityRefused(): void {
    this.dispatchEvent(new CustomEvent("parlance-chat-identity-refused", { bubbles: true, composed: true }));
  }
}

function iconButton(name: string, icon: string, label: string): HTMLButtonElement {
  const button = element("button", { type: "button", class: name, "aria-label": label });
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true">${icon}</svg>`;
  return button;
}

/** Speech in, where the browser has it. */
function speechSettings(language: string): object | undefined {
  const isThere = "SpeechRecognition" in window || "webkitSpeechRecognition" in window;
  return isThere ? { webSpeech: { language }, button: { position: "inside-end" } } : undefined;
}

function sessionStorageItem(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function setSessionStorageItem(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // The panel is then closed after a reload.
  }
}
