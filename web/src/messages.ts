// The bubbles in deep-chat: what was said, and that somebody is typing.

import type { DeepChat } from "deep-chat";
import type { Entry } from "./protocol";
import { answerHtml, type Rendering, visitorHtml } from "./render";

/** What a visitor does with an answer. */
export interface Clicks {
  onReply(title: string, payload: string): void;
  onThumb(answer: string, rating: "up" | "down"): void;
}

export class Messages {
  /** deep-chat puts its own function here. */
  readonly loading = { toggle: (): void => undefined };
  private chat!: DeepChat; // there since the panel was first opened
  private isTyping = false;
  /** The visitor's messages that are shown; the log repeats them. */
  private readonly visitors = new Set<string>();

  constructor(
    private readonly rendering: Rendering,
    private readonly greeting: () => Entry,
  ) {}

  /** Shows them in this chat from now on. */
  appearIn(chat: DeepChat, clicks: Clicks): void {
    this.chat = chat;
    chat.shadowRoot!.addEventListener("click", (event) => {
      const target = (event.target as Element).closest<HTMLElement>("[data-payload], [data-rating]");
      if (!target) return;
      const { payload, rating } = target.dataset;
      if (payload !== undefined) clicks.onReply(target.textContent ?? "", payload);
      else clicks.onThumb(target.closest<HTMLElement>("[data-entry]")!.dataset.entry!, rating as "up" | "down");
    });
  }

  greet(): void {
    this.showAnswer(this.greeting());
  }

  /** Takes everything from view and greets. */
  startAnew(): void {
    this.showTyping(false);
    this.visitors.clear();
    this.chat.clearMessages(true);
    this.greet();
  }

  showAnswer(entry: Entry): void {
    this.chat.addMessage({ role: "ai", html: answerHtml(entry, this.rendering) });
  }

  showVisitor(entry: Pick<Entry, "id" | "text" | "attachment">, isWaiting: boolean): void {
    this.chat.addMessage({ role: "user", html: visitorHtml(entry, this.rendering.texts) });
    this.mark(this.find(entry.id), entry.id, isWaiting);
  }

  /** Gives the message that deep-chat showed as it was typed its id. */
  markTyped(id: string, isWaiting: boolean): void {
    const bubbles = this.chat.shadowRoot!.querySelectorAll<HTMLElement>(".user-message-text");
    this.mark(bubbles[bubbles.length - 1], id, isWaiting);
  }

  isShown(id: string): boolean {
    return this.visitors.has(id);
  }

  /** A visitor's message has arrived. */
  markArrived(id: string): void {
    this.find(id)?.classList.remove("waiting");
  }

  /** The visitor has gone on: the quick replies of earlier answers go. */
  retireReplies(): void {
    for (const answer of this.chat.shadowRoot!.querySelectorAll(".answer")) answer.classList.add("past");
  }

  showRating(answer: string, rating: string): void {
    for (const thumb of this.find(answer)?.querySelectorAll<HTMLElement>("[data-rating]") ?? []) {
      thumb.setAttribute("aria-pressed", String(thumb.dataset.rating === rating));
    }
  }

  showTyping(on: boolean): void {
    if (on === this.isTyping) return;
    this.isTyping = on;
    this.loading.toggle();
  }

  /** The picture of a visitor's photo, which has no source yet. */
  photo(id: string): HTMLImageElement | null | undefined {
    return this.find(id)?.querySelector<HTMLImageElement>("[data-upload]");
  }

  words(id: string): string | null | undefined {
    return this.find(id)?.querySelector(".words")?.textContent;
  }

  private find(id: string): HTMLElement | null {
    return this.chat.shadowRoot!.querySelector(`[data-entry="${CSS.escape(id)}"]`);
  }

  private mark(bubble: HTMLElement | null | undefined, id: string, isWaiting: boolean): void {
    this.visitors.add(id);
    if (bubble) {
      bubble.dataset.entry = id;
      bubble.classList.toggle("waiting", isWaiting);
    }
    this.retireReplies();
  }
}
