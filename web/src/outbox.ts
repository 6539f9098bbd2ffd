// What the visitor sends, kept in the browser's storage until the server has it: through lost connections, reloads
// and several tabs. The server knows each by its id and takes it in once.

export interface Parcel {
  path: "messages" | "feedback" | "restart";
  body: { id: string; text?: string; title?: string; upload?: string; [name: string]: unknown };
}

export class Outbox {
  constructor(
    private readonly storage: Storage,
    private readonly key: string,
  ) {}

  all(): Parcel[] {
    try {
      const parcels: unknown = JSON.parse(this.storage.getItem(this.key) ?? "[]");
      return Array.isArray(parcels) ? parcels : [];
    } catch {
      return [];
    }
  }

  first(): Parcel | undefined {
    return this.all()[0];
  }

  add(parcel: Parcel): void {
    this.write([...this.all(), parcel]);
  }

  remove(id: string): void {
    this.write(this.all().filter((parcel) => parcel.body.id !== id));
  }

  clear(): void {
    this.storage.removeItem(this.key);
  }

  private write(parcels: Parcel[]): void {
    this.storage.setItem(this.key, JSON.stringify(parcels));
  }
}

/** An id that no other message has. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(15));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_");
}
