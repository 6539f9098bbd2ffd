// What the visitor does goes to the server, and what the server says is shown.

import { Connection, type Listener } from "./connection";
import { saveFile } from "./files";
import type { Messages } from "./messages";
import type { Outbox, Parcel } from "./outbox";
import type { Entry, Refusal, Session } from "./protocol";
import { Refused, type Server } from "./server";
import type { ReadAloud } from "./speech";
import type { Status } from "./status";

export class Conversation implements Listener {
  private session?: Session;
  /** Whether what comes is new, and not what was said before. */
  private isLive = false;
  private readonly connection: Connection;

  constructor(
    private readonly server: Server,
    outbox: Outbox,
    private readonly element: HTMLElement,
    private readonly messages: Messages,
    private readonly status: Status,
    private readonly aloud: ReadAloud,
    private readonly language: string,
  ) {
    this.connection = new Connection(server, outbox, this);
  }

  start(): void {
    this.connection.start();
  }

  stop(): void {
    this.connection.stop();
  }

  reconnect(): void {
    this.connection.reconnect();
  }

  // what the visitor does ----------------------------------------------------------------------------------------

  say(text: string, payload = text): void {
    const id = this.connection.send("messages", { text: payload, title: text, locale: this.language });
    this.showVisitor({ id, text });
  }

  /** deep-chat has shown what was typed; it remains to send it. */
  onTyped(text: string): void {
    const id = this.connection.send("messages", { text, locale: this.language });
    this.messages.markTyped(id, this.connection.isWaiting(id));
    this.expectAnswer();
  }

  rate(answer: string, rating: "up" | "down"): void {
    this.messages.showRating(answer, rating);
    this.connection.send("feedback", { answer, rating });
  }

  restart(): void {
    this.connection.send("restart", {});
  }

  get photoTypes(): string[] {
    return this.session?.upload_types ?? [];
  }

  /** Sends a photo; it is shown when the server has it. */
  async sendPhoto(file: File): Promise<void> {
    if (file.size > (this.session?.upload_bytes ?? 0)) {
      this.status.showRefusal({ code: "too_large", problem: "" }, this.session);
      return;
    }
    try {
      const upload = await this.server.upload(file);
      this.connection.send("messages", { upload, locale: this.language });
      this.messages.retireReplies();
    } catch (error) {
      this.onRefusal(error instanceof Refused ? error.refusal : { code: "upload_failed", problem: "" });
    }
  }

  async saveTranscript(): Promise<void> {
    try {
      saveFile(await this.server.transcript(), `chat-${new Date().toISOString().slice(0, 10)}.txt`);
    } catch {
      this.status.show(this.status.texts.connecting, 5);
    }
  }

  // what the server says -----------------------------------------------------------------------------------------

  onSession(session: Session): void {
    this.session = session;
  }

  onFresh(): void {
    this.isLive = false;
    this.messages.startAnew();
  }

  onEntry(entry: Entry): void {
    if (entry.kind === "restart") this.messages.startAnew();
    else if (entry.kind === "feedback") this.messages.showRating(entry.answer!, entry.rating!);
    else if (entry.kind === "user") this.onVisitorEntry(entry);
    else this.onAnswer(entry);
  }

  onReady(waiting: Parcel[]): void {
    this.isLive = true;
    for (const { path, body } of waiting) {
      if (path === "messages" && !body.upload && !this.messages.isShown(body.id)) {
        this.showVisitor({ id: body.id, text: body.title ?? body.text });
      }
    }
    this.element.toggleAttribute("ready", true);
  }

  onTyping(on: boolean): void {
    this.messages.showTyping(on);
  }

  onOnline(online: boolean): void {
    if (!online) this.messages.showTyping(false);
    this.status.showOnline(online);
  }

  onRefusal(refusal: Refusal, id?: string): void {
    this.messages.showTyping(false);
    this.status.showRefusal(refusal, this.session, id);
  }

  onIdentityRefused(): void {
    this.element.dispatchEvent(new CustomEvent("parlance-chat-identity-refused", { bubbles: true, composed: true }));
  }

  private onVisitorEntry(entry: Entry): void {
    if (this.messages.isShown(entry.id)) {
      this.messages.markArrived(entry.id);
      return;
    }
    this.showVisitor(entry);
    const photo = this.messages.photo(entry.id);
    if (photo) void this.loadPhoto(photo);
  }

  private onAnswer(entry: Entry): void {
    this.messages.showAnswer(entry);
    const words = this.messages.words(entry.id);
    if (this.isLive && this.aloud.isOn && entry.kind === "bot" && words) this.aloud.read(words);
  }

  private showVisitor(entry: Pick<Entry, "id" | "text" | "attachment">): void {
    this.messages.showVisitor(entry, this.connection.isWaiting(entry.id));
    this.expectAnswer();
  }

  private expectAnswer(): void {
    if (this.status.isOnline) this.messages.showTyping(true);
  }

  private async loadPhoto(photo: HTMLImageElement): Promise<void> {
    try {
      photo.src = URL.createObjectURL(await this.server.picture(photo.dataset.upload!));
    } catch {
      // Its description stands in for it.
    }
  }
}
