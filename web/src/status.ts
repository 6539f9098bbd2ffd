// The line over the messages: that there is no connection, or why something was not taken.

import type { Refusal, Session } from "./protocol";
import { element } from "./render";
import { fill, type Texts } from "./texts";

export class Status {
  readonly line = element("div", { class: "status", role: "status" });
  isOnline = true;

  constructor(readonly texts: Texts) {
    this.line.hidden = true;
  }

  show(text: string, forSeconds?: number): void {
    this.line.textContent = text;
    this.line.hidden = !text;
    if (text && forSeconds) {
      setTimeout(() => {
        if (this.line.textContent === text) this.show(this.isOnline ? "" : this.texts.offline);
      }, forSeconds * 1000);
    }
  }

  showOnline(online: boolean): void {
    this.isOnline = online;
    this.show(online ? "" : navigator.onLine ? this.texts.connecting : this.texts.offline);
  }

  /** Says why the server refused something; `id` is the message's where it was one. */
  showRefusal(refusal: Refusal, session?: Session, id?: string): void {
    const known = refusal.code in this.texts ? (refusal.code as keyof Texts) : "failed";
    const megabytes = (session?.upload_bytes ?? 0) / 1_000_000;
    const limit = session?.message_length ?? 0;
    const code = known === "too_large" && id ? "too_long" : known;
    this.show(fill(this.texts[code], { ...refusal, megabytes, limit }), refusal.wait ?? 8);
  }
}
