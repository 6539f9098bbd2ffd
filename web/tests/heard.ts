import type { Listener } from "../src/connection";

/** Writes down what it hears. */
export class Heard implements Listener {
  readonly log: string[] = [];
  readonly onEntry: Listener["onEntry"] = (entry) => this.log.push(`${entry.number} ${entry.text ?? entry.kind}`);
  readonly onReady: Listener["onReady"] = (parcels) => this.log.push(`ready, ${parcels.length} waiting`);
  readonly onFresh = () => this.log.push("fresh");
  readonly onTyping = (on: boolean) => on && this.log.push("typing");
  readonly onOnline = (online: boolean) => this.log.push(online ? "online" : "offline");
  readonly onRefusal: Listener["onRefusal"] = (refusal) => this.log.push(`refused: ${refusal.code}`);
  readonly onSession = () => this.log.push("session");
  readonly onIdentityRefused = () => this.log.push("identity refused");

  /** What was heard since it was last asked. */
  news(): string[] {
    return this.log.splice(0);
  }
}
