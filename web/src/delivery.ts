// Takes what is in the outbox to the server, one after the other.

import type { Outbox, Parcel } from "./outbox";
import type { Refusal } from "./protocol";
import { Refused, type Server } from "./server";

export interface Progress {
  /** The server turned a parcel down for good, or asks for patience (`wait` seconds). */
  onRefusal(refusal: Refusal, id: string): void;
  /** The server cannot be reached. */
  onLost(): void;
  /** Whether to try again what is left. */
  goesOn(): boolean;
}

export class Delivery {
  private sending = false;

  constructor(
    private readonly server: Server,
    private readonly outbox: Outbox,
    private readonly progress: Progress,
  ) {}

  /** Sends what waits; of several tabs one at a time does it. */
  async flush(): Promise<void> {
    if (this.sending || !this.server.session) return;
    this.sending = true;
    try {
      const post = () => this.postAll();
      // Locks are there on secure pages only; without them the server still takes each message in once.
      await (navigator.locks ? navigator.locks.request(`${this.server.tokenKey}:outbox`, post) : post());
    } catch {
      // No connection: the stream finds out too, and sends again when it is back.
      this.progress.onLost();
    } finally {
      this.sending = false;
    }
    if (this.outbox.first() && this.progress.goesOn() && navigator.onLine) setTimeout(() => void this.flush(), 1000);
  }

  private async postAll(): Promise<void> {
    for (let parcel = this.outbox.first(); parcel; parcel = this.outbox.first()) {
      try {
        await this.server.request(parcel.path, { method: "POST", body: JSON.stringify(parcel.body) });
        this.outbox.remove(parcel.body.id);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        await this.bear(error, parcel);
      }
    }
  }

  /** Waits, gives the parcel up, or, where another try may succeed, throws. */
  private async bear(refused: Refused, { body }: Parcel): Promise<void> {
    const { status, refusal } = refused;
    if (status === 429) {
      const wait = refusal.wait ?? 5;
      this.progress.onRefusal({ ...refusal, wait }, body.id);
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    } else if (status === 401 || status === 403 || status >= 500) {
      throw refused;
    } else {
      this.outbox.remove(body.id);
      this.progress.onRefusal(refusal, body.id);
    }
  }
}
