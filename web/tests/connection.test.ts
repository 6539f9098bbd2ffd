import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Connection } from "../src/connection";
import { Outbox } from "../src/outbox";
import { Server } from "../src/server";
import { FakeServer, SERVER } from "./fake-server";
import { Heard } from "./heard";
import { pass, stopTime } from "./time";

let fake: FakeServer;
let server: Server;
let heard: Heard;
let connection: Connection;

function connect(): void {
  server = new Server(SERVER, localStorage);
  heard = new Heard();
  connection = new Connection(server, new Outbox(localStorage, "outbox"), heard);
}

async function start(): Promise<void> {
  connection.start();
  await pass();
}

function setOnline(online: boolean): void {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(online);
  window.dispatchEvent(new Event(online ? "online" : "offline"));
}

function setHidden(hidden: boolean): void {
  vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  stopTime();
  localStorage.clear();
  fake = new FakeServer();
  connect();
});

afterEach(() => {
  connection.stop();
  vi.useRealTimers();
});

describe("the stream", () => {
  test("begins with what was said before, then says that all is there", async () => {
    fake.say({ text: "hello" });
    fake.say({ text: "again" });
    await start();

    expect(heard.news()).toEqual(["fresh", "session", "online", "1 hello", "2 again", "ready, 0 waiting"]);
    expect(server.storedToken).toBe(fake.token);
    fake.tell("typing", true);
    await pass();
    expect(heard.news()).toEqual(["typing"]);
  });

  test("that the server ends is asked for again at once, from the last number", async () => {
    fake.say({ text: "one" });
    await start();
    heard.news();
    fake.endStreams();
    fake.say({ text: "two" });
    await pass();

    expect(fake.paths("events")).toEqual(["events?after=0", "events?after=1"]);
    expect(fake.paths("session")).toHaveLength(1);
    expect(heard.news()).toEqual(["online", "2 two"]);
  });

  test("gives each entry once, although the server repeats it", async () => {
    const first = fake.say({ text: "one" });
    await start();
    fake.tell("entry", first);
    await pass();

    expect(heard.news().filter((line) => line.startsWith("1 "))).toEqual(["1 one"]);
  });

  test("that has been silent for 40 seconds is given up and asked for again", async () => {
    await start();
    await pass(30_000);
    fake.tell("typing", false);
    await pass();
    await pass(39_000);
    expect(fake.paths("events")).toHaveLength(1);

    await pass(1000);
    await pass(500);
    expect(fake.paths("events")).toHaveLength(2);
    expect(fake.listeners).toBe(1);
  });

  test("that never says anything is given up after 40 seconds, too", async () => {
    fake.isSilent = true;
    await start();
    await pass(40_500);

    expect(fake.paths("events")).toHaveLength(2);
  });

  test("ends when the connection is stopped, and goes on from there when it is started again", async () => {
    fake.say({ text: "one" });
    await start();
    connection.stop();
    await pass();
    expect(fake.listeners).toBe(0);
    heard.news();
    setOnline(false);
    setOnline(true);
    expect(heard.news()).toEqual([]);
    fake.isDown = true;
    connection.send("messages", { text: "kept" });
    await pass();
    fake.isDown = false;
    await pass(60_000);
    expect(fake.paths()).toEqual(["session", "events?after=0"]);

    await start();
    expect(fake.paths("events")).toEqual(["events?after=0", "events?after=1"]);
    expect(fake.paths("session")).toHaveLength(1);
  });

  test("is one, although the connection is stopped and started in the same moment, or started twice", async () => {
    await start();
    connection.stop();
    connection.start();
    await start();
    await pass(500);

    expect(fake.listeners).toBe(1);
    expect(heard.news()).not.toContain("offline");
  });
});

describe("a lost connection", () => {
  test("is tried again after longer and longer waits, of 15 seconds at most", async () => {
    fake.isDown = true;
    const times: number[] = [];
    const began = vi.fn(fetch);
    vi.stubGlobal("fetch", began);
    connection.start();
    for (let half = 0; half < 100; half++) {
      await pass(half ? 500 : 0);
      if (began.mock.calls.length > times.length) times.push(half * 500);
    }

    const waits = times.slice(1).map((time, number) => time - times[number]);
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    expect(new Set(heard.news())).toEqual(new Set(["offline"]));
  });

  test("is tried again at once when the browser is back online, then after short waits again", async () => {
    await start();
    fake.goDown();
    await pass(30_000);
    setOnline(true);
    await pass();
    heard.news();
    fake.isDown = false;
    await pass(499);
    expect(heard.news()).toEqual([]);
    await pass(1);
    expect(heard.news()).toEqual(["online"]);

    fake.goDown();
    fake.isDown = false;
    await pass(499);
    expect(fake.listeners).toBe(0);
    await pass(1);
    expect(fake.listeners).toBe(1);
  });

  test("is known at once where the browser says so", async () => {
    await start();
    heard.news();
    setOnline(false);
    expect(heard.news()).toEqual(["offline"]);

    await pass();
    expect(fake.listeners).toBe(0);
  });

  test("keeps what is written meanwhile, and sends it once and in order when it is over", async () => {
    await start();
    fake.goDown();
    setOnline(false);
    for (const text of ["one", "two", "three"]) connection.send("messages", { text });
    await pass(20_000);
    expect(fake.posted("messages")).toEqual([]);

    fake.isDown = false;
    setOnline(true);
    await pass(2000);
    expect(heard.news().filter((line) => /^\d/.test(line))).toEqual(["1 one", "2 two", "3 three"]);
    expect(fake.posted("messages")).toHaveLength(3);
  });

  test("that ended before the server could say that it has a message does no harm", async () => {
    await start();
    const id = connection.send("messages", { text: "one" });
    await pass();
    connection.stop();
    localStorage.setItem("outbox", JSON.stringify([{ path: "messages", body: { id, text: "one" } }]));
    connect();
    fake.gate = new Promise(() => {}); // only the log says that it arrived
    await start();

    expect(connection.isWaiting(id)).toBe(false);
    expect(heard.news().filter((line) => line.endsWith(" one"))).toEqual(["1 one"]);
  });
});

describe("a reload", () => {
  test("says what still waits, and then sends it", async () => {
    const id = connection.send("messages", { text: "early" });
    expect(connection.isWaiting(id)).toBe(true);
    localStorage.setItem(server.tokenKey, fake.token);
    let open = () => {};
    fake.gate = new Promise((resolve) => {
      open = resolve;
    });
    connect();
    connection.start();
    await pass();
    open();
    await pass();

    expect(heard.news()).toEqual(["session", "online", "ready, 1 waiting", "1 early"]);
    expect(connection.isWaiting(id)).toBe(false);
  });

  test("into a fresh conversation forgets what was written for the one before", async () => {
    localStorage.setItem(server.tokenKey, "somebody else's");
    connection.send("messages", { text: "a secret" });
    await start();

    expect(heard.news()).toEqual(["fresh", "session", "online", "ready, 0 waiting"]);
    expect(fake.posted("messages")).toEqual([]);
  });

  test("of a first visit sends what was written before there was a conversation", async () => {
    connection.send("messages", { text: "early" });
    await start();

    expect(fake.posted("messages").map(({ text }) => text)).toEqual(["early"]);
  });
});

describe("a refusal", () => {
  test.each([401, 403])("of the conversation (%i) makes the chat ask for another", async (status) => {
    fake.say({ text: "one" });
    await start();
    heard.news();
    fake.refuse("events", status, { code: "no_conversation" });
    fake.endStreams();
    fake.beginAnew();
    await pass(500);

    expect(heard.news()).toEqual(["fresh", "session", "online", "ready, 0 waiting"]);
    expect(fake.last("events")!.path).toBe("events?after=0");
    expect(server.storedToken).toBe(fake.token);
  });

  test("of who is signed in is told, and the chat goes on without", async () => {
    server.identityToken = "out of date";
    fake.refuse("session", 401, { code: "identity_refused" });
    await start();

    expect(heard.news()).toEqual(["identity refused", "fresh", "session", "online", "ready, 0 waiting"]);
    expect(fake.last("session")!.headers.has("x-identity-token")).toBe(false);
  });

  test("of the page ends it for good", async () => {
    const complaint = vi.spyOn(console, "error").mockReturnValue();
    fake.refuse("session", 403, { code: "origin_refused", problem: "not allowed" });
    await start();
    await pass(60_000);

    expect(fake.paths()).toEqual(["session"]);
    expect(heard.news()).toEqual(["refused: origin_refused"]);
    expect(complaint).toHaveBeenCalledExactlyOnceWith("parlance-chat: not allowed");
  });

  test("of too many tabs is told, and tried again", async () => {
    fake.refuse("events", 429, { code: "too_many_tabs", wait: 5 });
    await start();
    expect(heard.news()).toEqual(["fresh", "session", "refused: too_many_tabs"]);

    await pass(500);
    expect(heard.news()).toEqual(["online", "ready, 0 waiting"]);
  });
});

describe("other tabs", () => {
  test("that are hidden for a minute give their connection up until they are seen again", async () => {
    await start();
    setHidden(true);
    await pass(30_000);
    fake.tell("typing", false);
    await pass();
    await pass(29_000);
    expect(fake.listeners).toBe(1);
    await pass(1000);
    expect(fake.listeners).toBe(0);
    await pass(600_000);
    fake.say({ text: "meanwhile" });
    expect(fake.paths("events")).toHaveLength(1);

    setHidden(false);
    await pass();
    expect(fake.listeners).toBe(1);
    const news = heard.news();
    expect(news).toContain("1 meanwhile");
    expect(news).not.toContain("offline");
  });

  test("that begin a new conversation take this one along", async () => {
    fake.say({ text: "one" });
    await start();
    heard.news();
    fake.beginAnew();
    localStorage.setItem(server.tokenKey, fake.token);
    window.dispatchEvent(new StorageEvent("storage", { key: server.tokenKey, newValue: fake.token }));
    await pass(500);

    expect(heard.news().filter((line) => line !== "offline")).toEqual([
      "fresh",
      "session",
      "online",
      "ready, 0 waiting",
    ]);
    expect(fake.last("events")!.path).toBe("events?after=0");
    expect(fake.last("events")!.headers.get("authorization")).toBe(`Bearer ${fake.token}`);
  });

  test("that get a new token for the same conversation change nothing", async () => {
    await start();
    heard.news();
    window.dispatchEvent(new StorageEvent("storage", { key: server.tokenKey, newValue: "first.2.signature" }));
    await pass(500);

    expect(heard.news()).toEqual([]);
    expect(fake.paths("session")).toHaveLength(1);
  });
});
