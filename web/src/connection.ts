// The conversation with the server: a session, a stream of what is said, and an outbox of what the visitor sends.

import { createParser } from "eventsource-parser";
import { Delivery } from "./delivery";
import { newId, type Outbox, type Parcel } from "./outbox";
import type { Entry, Refusal, Session } from "./protocol";
import { Refused, type Server } from "./server";

export interface Listener {
  /** Something was said. Each entry comes once, in order. */
  onEntry(entry: Entry): void;
  /** All that was said before is there; `waiting` is what could not be sent so far. */
  onReady(waiting: Parcel[]): void;
  /** The conversation is a new one: forget what is shown. */
  onFresh(): void;
  onTyping(on: boolean): void;
  onOnline(online: boolean): void;
  /** The server turned something down for good, or asks for patience (`wait` seconds). */
  onRefusal(refusal: Refusal, id?: string): void;
  onSession(session: Session): void;
  /** The shop's token for a signed-in customer is not accepted any more. */
  onIdentityRefused(): void;
}

const SILENCE_MS = 40_000; // the server says something every 15 seconds
const LONGEST_WAIT_MS = 15_000;
const HIDDEN_MS = 60_000;

export class Connection {
  private last = 0;
  private ready = false;
  private stopped = true;
  private runs = 0;
  private paused = false;
  private hiding?: ReturnType<typeof setTimeout>;
  private failures = 0;
  private stream = new AbortController();
  private wake: () => void = () => undefined;
  private readonly delivery: Delivery;

  constructor(
    private readonly server: Server,
    private readonly outbox: Outbox,
    private readonly listener: Listener,
  ) {
    this.delivery = new Delivery(server, outbox, {
      onRefusal: (refusal, id) => listener.onRefusal(refusal, id),
      onLost: () => this.stream.abort(),
      goesOn: () => !this.stopped,
    });
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    addEventListener("online", this.onNetwork);
    addEventListener("offline", this.onNetwork);
    addEventListener("storage", this.onStorage);
    document.addEventListener("visibilitychange", this.onVisibility);
    this.runs += 1;
    void this.run(this.runs);
  }

  stop(): void {
    this.stopped = true;
    removeEventListener("online", this.onNetwork);
    removeEventListener("offline", this.onNetwork);
    removeEventListener("storage", this.onStorage);
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.stream.abort();
    this.wake();
  }

  /** Sends something, now or when there is a connection; its id. */
  send(path: Parcel["path"], body: Record<string, unknown>, id = newId()): string {
    this.outbox.add({ path, body: { ...body, id } });
    void this.delivery.flush();
    return id;
  }

  /** Whether a message is still to be sent. */
  isWaiting(id: string): boolean {
    return this.outbox.all().some((parcel) => parcel.body.id === id);
  }

  /** Begins anew with the identity that is now set. */
  reconnect(): void {
    this.server.session = undefined;
    this.stream.abort();
    this.wake();
  }

  // the stream ---------------------------------------------------------------------------------------------------

  private async run(run: number): Promise<void> {
    // Started again before it had ended, an earlier run leaves the connection to the later one.
    const isOver = () => this.stopped || run !== this.runs;
    while (!isOver()) {
      while (this.paused && !isOver()) await this.sleep(3_600_000);
      try {
        if (!this.server.session) await this.openSession();
        if (isOver()) return;
        await this.listen();
        this.failures = 0;
      } catch (error) {
        if (isOver()) return;
        if (!this.paused) await this.recover(error);
      }
    }
  }

  private async recover(error: unknown): Promise<void> {
    if (error instanceof Refused) {
      if (error.status === 401 || error.status === 403) this.server.session = undefined;
      if (error.refusal.code === "identity_refused") {
        this.server.identityToken = "";
        this.listener.onIdentityRefused();
        return;
      }
      if (error.refusal.code === "origin_refused") {
        console.error(`parlance-chat: ${error.refusal.problem}`);
        this.listener.onRefusal(error.refusal);
        this.stop();
        return;
      }
      if (error.status === 429) this.listener.onRefusal(error.refusal);
    } else {
      this.listener.onOnline(false);
    }
    this.failures += 1;
    const wait = Math.min(LONGEST_WAIT_MS, 250 * 2 ** this.failures) * (0.75 + Math.random() / 2);
    await this.sleep(wait);
  }

  /** Waits, but not past the moment at which something promises a better chance. */
  private sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async openSession(): Promise<void> {
    const session = await this.server.openSession();
    const known = this.server.storedToken;
    this.server.session = session;
    if (session.fresh) {
      // What waits was written for a conversation that is gone, perhaps by somebody else at this computer.
      if (known) this.outbox.clear();
      this.last = 0;
      this.ready = false;
      this.listener.onFresh();
    }
    this.server.storeToken(session.token);
    this.listener.onSession(session);
  }

  private async listen(): Promise<void> {
    this.stream = new AbortController();
    const answer = await this.server.request(`events?after=${this.last}`, { signal: this.stream.signal });
    this.failures = 0;
    this.listener.onOnline(true);
    void this.delivery.flush();
    const parser = createParser({
      onEvent: (event) => {
        if (event.event === "entry") this.take(JSON.parse(event.data) as Entry);
        else if (event.event === "typing") this.takeTyping(JSON.parse(event.data) === true);
      },
    });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let silence = setTimeout(() => this.stream.abort(), SILENCE_MS);
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        clearTimeout(silence);
        silence = setTimeout(() => this.stream.abort(), SILENCE_MS);
        parser.feed(part.value);
      }
    } finally {
      clearTimeout(silence);
    }
  }

  private take(entry: Entry): void {
    if (entry.number <= this.last) return;
    this.last = entry.number;
    this.outbox.remove(entry.id);
    this.listener.onEntry(entry);
  }

  /** The server sends this after everything that was said before. */
  private takeTyping(on: boolean): void {
    if (!this.ready) {
      this.ready = true;
      this.listener.onReady(this.outbox.all());
    }
    this.listener.onTyping(on);
  }

  // the network --------------------------------------------------------------------------------------------------

  private readonly onNetwork = (): void => {
    if (!navigator.onLine) {
      this.listener.onOnline(false);
      this.stream.abort();
    } else {
      this.failures = 0;
      this.wake();
    }
  };

  private readonly onStorage = (event: StorageEvent): void => {
    // Another tab has begun a new conversation: this one follows.
    const { session, tokenKey } = this.server;
    if (event.key === tokenKey && event.newValue && session && !sameConversation(event.newValue, session.token)) {
      this.last = 0;
      this.ready = false;
      this.listener.onFresh();
      this.reconnect();
    }
  };

  /** A hidden tab gives its connection up after a while: browsers open only six to a server, for all tabs together. */
  private readonly onVisibility = (): void => {
    clearTimeout(this.hiding);
    if (document.hidden) {
      this.hiding = setTimeout(() => {
        this.paused = true;
        this.stream.abort();
      }, HIDDEN_MS);
    } else if (this.paused) {
      this.paused = false;
      this.wake();
    }
  };
}

/** A token is the conversation's id, the time of issue and a signature. */
function sameConversation(one: string, other: string): boolean {
  return one.split(".")[0] === other.split(".")[0];
}
