// <parlance-chat>: a launcher and a panel with deep-chat in it. docs/web-chat.md lists the attributes.

import type { DeepChat } from "deep-chat";
import { Conversation } from "./conversation";
import { createDeepChat, onceSettled } from "./deep-chat";
import { chooseFile } from "./files";
import { Frame } from "./frame";
import { Menu } from "./menu";
import { Messages } from "./messages";
import { Outbox } from "./outbox";
import type { Entry } from "./protocol";
import { Server } from "./server";
import { canReadAloud, ReadAloud } from "./speech";
import { Status } from "./status";
import { openStorage, rememberOpen, wasOpen } from "./storage";
import { type Texts, textsFor } from "./texts";
import { applyTheme } from "./theme";

export class ParlanceChat extends HTMLElement {
  private texts!: Texts;
  private language!: string;
  private server!: Server;
  private aloud!: ReadAloud;
  private messages!: Messages;
  private conversation!: Conversation;
  private frame?: Frame;
  private chat?: DeepChat;
  private begun = false;
  private focusWanted = false;
  private readonly root = this.attachShadow({ mode: "open" });

  connectedCallback(): void {
    if (this.frame) {
      // Back in a page after a while out of it; a move within the page never stopped the connection.
      if (this.hasAttribute("open")) this.begin();
      return;
    }
    this.language = this.getAttribute("language") || document.documentElement.lang || navigator.language || "en";
    this.texts = textsFor(this.language);
    applyTheme(this);
    this.build();
    const goesOn = wasOpen() && this.server.storedToken !== null;
    if (this.getAttribute("start") === "open" || goesOn) this.open(false);
  }

  disconnectedCallback(): void {
    // A page that moves the element takes it out and puts it in again at once.
    setTimeout(() => {
      if (!this.isConnected) this.conversation.stop();
    });
  }

  // for pages ----------------------------------------------------------------------------------------------------

  /** Opens the panel. */
  open(focus = true): void {
    this.setAttribute("open", "");
    this.frame!.open();
    rememberOpen(true);
    this.focusWanted = focus;
    if (!this.chat) this.buildChat();
    else this.begin();
  }

  /** Closes the panel. */
  close(): void {
    this.removeAttribute("open");
    this.frame!.close();
    rememberOpen(false);
    this.aloud.stop();
  }

  /** Says something in the visitor's name; `payload` is what the assistant gets where it differs. */
  say(text: string, payload?: string): void {
    this.conversation.say(text, payload);
  }

  /** The shop's signed token for the customer who is signed in; empty for nobody. */
  set identityToken(token: string) {
    if (token === this.server.identityToken) return;
    this.server.identityToken = token;
    this.conversation.reconnect();
  }

  // its parts ----------------------------------------------------------------------------------------------------

  private build(): void {
    const { texts, language } = this;
    const address = (this.getAttribute("server") ?? "").replace(/\/$/, "");
    const storage = openStorage();
    const outbox = new Outbox(storage, `parlance-chat:${address}:outbox`);
    const status = new Status(texts);
    this.server = new Server(address, storage);
    this.server.identityToken = this.getAttribute("identity-token") ?? "";
    this.aloud = new ReadAloud(language);
    this.messages = new Messages({ texts, language, pictures: `${address}/pictures` }, () => this.greeting());
    this.conversation = new Conversation(this.server, outbox, this, this.messages, status, this.aloud, language);
    const wording = {
      heading: this.getAttribute("heading") || texts.chat,
      subtitle: this.getAttribute("subtitle"),
      launcher: this.getAttribute("launcher-label") || texts.open,
    };
    this.frame = new Frame(this.root, wording, texts, this.buildMenu(), status, this);
  }

  private buildMenu(): Menu {
    const { texts, conversation } = this;
    const menu = new Menu(texts, () => this.focusInput());
    menu.add("person", texts.person, () =>
      this.say(texts.person, this.getAttribute("person-payload") ?? "/human_handoff"),
    );
    menu.add("restart", texts.restart, () => conversation.restart());
    menu.add("transcript", texts.transcript, () => void conversation.saveTranscript());
    if (canReadAloud()) menu.addSwitch("aloud", texts.readAloud, () => this.aloud.toggle());
    return menu;
  }

  private buildChat(): void {
    const { texts, conversation } = this;
    this.chat = createDeepChat(texts, this.language, this.messages.loading, {
      onTyped: (text) => conversation.onTyped(text),
      onPhotoButton: () => chooseFile(conversation.photoTypes, (file) => void conversation.sendPhoto(file)),
    });
    this.frame!.place.append(this.chat);
    this.messages.appearIn(this.chat, {
      onReply: (title, payload) => {
        this.say(title, payload);
        this.focusInput();
      },
      onThumb: (answer, rating) => conversation.rate(answer, rating),
    });
    onceSettled(this.chat, texts, () => {
      this.begun = true;
      this.messages.greet();
      this.begin();
    });
  }

  private begin(): void {
    if (!this.begun) return;
    this.conversation.start();
    if (this.focusWanted) this.focusInput();
    this.focusWanted = false;
  }

  private focusInput(): void {
    this.chat?.focusInput?.();
  }

  private greeting(): Entry {
    const suggestions = (this.getAttribute("suggestions") ?? "").split("|").filter((title) => title.trim());
    return {
      number: 0,
      id: "greeting",
      kind: "notice",
      at: Date.now() / 1000,
      text: this.getAttribute("greeting") || this.texts.greeting,
      buttons: suggestions.map((title) => ({ title: title.trim() })),
    };
  }
}
