// The channel's interface, asked in the visitor's name.

import type { Refusal, Session } from "./protocol";

/** The server turned a request down. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly refusal: Refusal,
  ) {
    super(refusal.problem);
  }
}

export class Server {
  /** The shop's signed token for the customer who is signed in; empty for nobody. */
  identityToken = "";
  session?: Session;
  /** What the token of the conversation is stored under. */
  readonly tokenKey: string;

  constructor(
    private readonly address: string,
    private readonly storage: Storage,
  ) {
    this.tokenKey = `parlance-chat:${address}:token`;
  }

  get storedToken(): string | null {
    return this.storage.getItem(this.tokenKey);
  }

  storeToken(token: string): void {
    this.storage.setItem(this.tokenKey, token);
  }

  /** The conversation to go on with, or a fresh one. */
  async openSession(): Promise<Session> {
    const answer = await this.request("session", { method: "POST", body: "{}" });
    return (await answer.json()) as Session;
  }

  async upload(file: File): Promise<string> {
    const name = btoa(String.fromCharCode(...new TextEncoder().encode(file.name).slice(0, 600)));
    const answer = await this.request("uploads", { method: "POST", body: file, headers: { "x-file-name": name } });
    return ((await answer.json()) as { id: string }).id;
  }

  async picture(upload: string): Promise<Blob> {
    return (await this.request(`uploads/${encodeURIComponent(upload)}`)).blob();
  }

  async transcript(): Promise<Blob> {
    return (await this.request("transcript")).blob();
  }

  async request(path: string, options: RequestInit = {}): Promise<Response> {
    const headers = new Headers(options.headers);
    const token = this.session?.token ?? this.storedToken;
    if (token) headers.set("authorization", `Bearer ${token}`);
    if (this.identityToken) headers.set("x-identity-token", this.identityToken);
    const request: RequestInit = { ...options, headers, credentials: "omit", cache: "no-store" };
    const answer = await fetch(`${this.address}/${path}`, request);
    if (answer.ok) return answer;
    let refusal: Refusal;
    try {
      refusal = (await answer.json()) as Refusal;
    } catch {
      refusal = { code: "failed", problem: `The server answered ${answer.status}.` };
    }
    throw new Refused(answer.status, refusal);
  }
}
