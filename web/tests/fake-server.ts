// The channel as a browser sees it, behind `fetch`: it takes messages into its log once, and streams the log.

import { vi } from "vitest";
import type { Entry, Refusal } from "../src/protocol";

export const SERVER = "https://chat.example.com/chat";

interface Request {
  method: string;
  path: string;
  headers: Headers;
  body: unknown;
}

type Stream = ReadableStreamDefaultController<Uint8Array>;

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });

export class FakeServer {
  /** Every request that arrived, in order. */
  readonly requests: Request[] = [];
  entries: Entry[] = [];
  token = "first.1.signature";
  isDown = false;
  /** Opens streams and says nothing. */
  isSilent = false;
  /** Holds messages back until it resolves. */
  gate: Promise<void> = Promise.resolve();
  private refusals: { path: string; status: number; body?: Partial<Refusal> | string }[] = [];
  private readonly streams = new Set<Stream>();

  constructor() {
    vi.stubGlobal("fetch", (address: string, options: RequestInit) => this.fetch(address, options));
  }

  /** How many listen just now. */
  get listeners(): number {
    return this.streams.size;
  }

  paths(beginning = ""): string[] {
    return this.requests.map((request) => request.path).filter((path) => path.startsWith(beginning));
  }

  last(path: string): Request | undefined {
    return this.requests.filter((request) => request.path.startsWith(path)).at(-1);
  }

  /** What was posted there, in order. */
  posted(path: string): Record<string, unknown>[] {
    const posts = this.requests.filter((request) => request.method === "POST" && request.path === path);
    return posts.map((request) => request.body as Record<string, unknown>);
  }

  /** Adds to the log. */
  say(entry: Partial<Entry>): Entry {
    const number = this.entries.length + 1;
    const added: Entry = { number, id: `entry-${number}`, kind: "bot", at: 1_750_000_000, ...entry };
    this.entries.push(added);
    this.tell("entry", added);
    return added;
  }

  /** Says something to everybody who listens. */
  tell(event: string, data: unknown): void {
    for (const stream of this.streams) send(stream, event, data);
  }

  /** Ends the streams, as the server does every half minute. */
  endStreams(): void {
    for (const stream of this.streams) stream.close();
    this.streams.clear();
  }

  /** Breaks everything off. */
  goDown(): void {
    this.isDown = true;
    for (const stream of this.streams) stream.error(new TypeError("network error"));
    this.streams.clear();
  }

  /** Begins another conversation, as for somebody else who signs in. */
  beginAnew(): void {
    this.token = "second.1.signature";
    this.entries = [];
  }

  /** Refuses the next request whose path begins so. */
  refuse(path: string, status: number, refusal: Partial<Refusal> | string): void {
    this.refusals.push({ path, status, body: refusal });
  }

  /** Breaks the next request off whose path begins so. */
  lose(path: string): void {
    this.refusals.push({ path, status: 0 });
  }

  private async fetch(address: string, options: RequestInit): Promise<Response> {
    if (this.isDown) throw new TypeError("Failed to fetch");
    const path = address.slice(SERVER.length + 1);
    const body = typeof options.body === "string" ? JSON.parse(options.body) : options.body;
    const request = { method: options.method ?? "GET", path, headers: options.headers as Headers, body };
    this.requests.push(request);
    if (path === "messages") await this.gate;
    const refused = this.refusals.find((refusal) => path.startsWith(refusal.path));
    if (refused) return this.refusal(refused);
    return this.answer(request, options.signal);
  }

  private refusal(refused: (typeof this.refusals)[number]): Response {
    this.refusals = this.refusals.filter((refusal) => refusal !== refused);
    const { status, body } = refused;
    if (!status) throw new TypeError("Failed to fetch");
    return typeof body === "string" ? new Response(body, { status }) : json({ problem: "refused", ...body }, status);
  }

  private answer({ path, headers, body }: Request, signal?: AbortSignal | null): Response {
    const [name, argument] = path.split(/[?/]/);
    if (name === "session") {
      const fresh = headers.get("authorization") !== `Bearer ${this.token}`;
      const limits = { message_length: 4000, upload_bytes: 1000, upload_types: ["image/jpeg"] };
      return json({ token: this.token, fresh, ...limits });
    }
    if (name === "events") return new Response(this.stream(Number(argument.split("=")[1]), signal!));
    if (name === "uploads") return argument ? new Response("a picture") : json({ id: "photo-1" });
    if (name === "transcript") return new Response("You: hello");
    this.takeIn(name, body as Entry & { title?: string; upload?: string });
    return json({});
  }

  private takeIn(
    path: string,
    { id, text, title, upload, answer, rating }: Entry & { title?: string; upload?: string },
  ) {
    if (this.entries.some((entry) => entry.id === id)) return;
    const attachment = upload ? { id: upload, name: "lamp.jpg", type: "image/jpeg", size: 10 } : undefined;
    if (path === "messages") this.say({ id, kind: "user", text: title ?? text, attachment });
    if (path === "feedback") this.say({ id, kind: "feedback", answer, rating });
    if (path === "restart") this.say({ id, kind: "restart" });
  }

  private stream(after: number, signal: AbortSignal): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: (stream) => {
        this.streams.add(stream);
        signal.addEventListener("abort", () => {
          if (this.streams.delete(stream)) stream.error(signal.reason);
        });
        if (this.isSilent) return;
        for (const entry of this.entries) if (entry.number > after) send(stream, "entry", entry);
        send(stream, "typing", false);
      },
    });
  }
}

function send(stream: Stream, event: string, data: unknown): void {
  stream.enqueue(new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
}
