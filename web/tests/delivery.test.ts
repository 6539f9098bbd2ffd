import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Delivery } from "../src/delivery";
import { Outbox } from "../src/outbox";
import { Server } from "../src/server";
import { FakeServer, SERVER } from "./fake-server";
import { pass, stopTime } from "./time";

let fake: FakeServer;
let server: Server;
let outbox: Outbox;
let delivery: Delivery;
const progress = { onRefusal: vi.fn(), onLost: vi.fn(), goesOn: vi.fn() };

function write(...texts: string[]): void {
  for (const text of texts) outbox.add({ path: "messages", body: { id: text, text } });
}

/** The texts of every attempt. */
const attempts = () => fake.posted("messages").map(({ text }) => text);
const waiting = () => outbox.all().map(({ body }) => body.text);

beforeEach(async () => {
  stopTime();
  localStorage.clear();
  vi.resetAllMocks();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  progress.goesOn.mockReturnValue(true);
  fake = new FakeServer();
  server = new Server(SERVER, localStorage);
  outbox = new Outbox(localStorage, "outbox");
  delivery = new Delivery(server, outbox, progress);
  server.session = await server.openSession();
});

afterEach(() => vi.useRealTimers());

describe("what waits", () => {
  test("is sent in its order, each when the server has the one before", async () => {
    let open = () => {};
    fake.gate = new Promise((resolve) => {
      open = resolve;
    });
    write("one", "two", "three");
    void delivery.flush();
    await pass();
    expect(attempts()).toEqual(["one"]);
    expect(waiting(), "kept until the server has it").toEqual(["one", "two", "three"]);

    open();
    await pass();
    expect(attempts()).toEqual(["one", "two", "three"]);
    expect(waiting()).toEqual([]);
  });

  test("is sent once, although it is asked for again in the midst", async () => {
    write("one");
    void delivery.flush();
    void delivery.flush();
    write("two");
    await pass();
    await pass(1000);

    expect(attempts()).toEqual(["one", "two"]);
  });

  test("stays where there is no session", async () => {
    server.session = undefined;
    write("one");
    await delivery.flush();

    expect(attempts()).toEqual([]);
    expect(waiting()).toEqual(["one"]);
  });

  test("is sent by one tab at a time", async () => {
    const request = vi.fn((_name: string, post: () => Promise<void>) => post());
    vi.stubGlobal("navigator", { onLine: true, locks: { request } });
    write("one");
    await delivery.flush();

    expect(request.mock.calls.map(([name]) => name)).toEqual([`${server.tokenKey}:outbox`]);
    expect(attempts()).toEqual(["one"]);
  });
});

describe("what is refused", () => {
  test.each([
    ["for as long as the server says", 3, 3000],
    ["for five seconds where it says nothing", undefined, 5000],
  ])("as too fast is sent again, %s", async (_case, wait, milliseconds) => {
    fake.refuse("messages", 429, { code: "too_fast", wait });
    write("one", "two");
    void delivery.flush();
    await pass(milliseconds - 1);
    expect(attempts()).toEqual(["one"]);
    expect(progress.onRefusal.mock.calls).toEqual([
      [expect.objectContaining({ code: "too_fast", wait: milliseconds / 1000 }), "one"],
    ]);

    await pass(1);
    expect(attempts(), "before the next").toEqual(["one", "one", "two"]);
  });

  test.each([400, 404, 413])("for good (%i) is given up, and the next one goes", async (status) => {
    fake.refuse("messages", status, { code: "too_large" });
    write("one", "two");
    await delivery.flush();

    expect(attempts()).toEqual(["one", "two"]);
    expect(waiting()).toEqual([]);
    expect(progress.onRefusal.mock.calls).toEqual([[expect.objectContaining({ code: "too_large" }), "one"]]);
    expect(progress.onLost).not.toHaveBeenCalled();
  });

  test.each([401, 403, 500, 503])("for now (%i) is kept and sent again, before the next", async (status) => {
    fake.refuse("messages", status, { code: "failed" });
    write("one", "two");
    await delivery.flush();
    expect(waiting()).toEqual(["one", "two"]);
    expect(progress.onLost).toHaveBeenCalledOnce();
    expect(progress.onRefusal).not.toHaveBeenCalled();

    await pass(1000);
    expect(attempts()).toEqual(["one", "one", "two"]);
  });
});

describe("without a connection", () => {
  test("everything is kept, and tried again every second", async () => {
    fake.isDown = true;
    write("one", "two");
    await delivery.flush();
    await pass(2000);
    expect(progress.onLost).toHaveBeenCalledTimes(3);
    expect(waiting()).toEqual(["one", "two"]);

    fake.isDown = false;
    await pass(1000);
    expect(fake.entries.map(({ text }) => text)).toEqual(["one", "two"]);
  });

  test.each([
    ["the browser knows it is offline", () => vi.spyOn(navigator, "onLine", "get").mockReturnValue(false)],
    ["the chat was stopped", () => progress.goesOn.mockReturnValue(false)],
  ])("nothing is tried again where %s", async (_case, arrange) => {
    arrange();
    fake.isDown = true;
    write("one");
    await delivery.flush();
    fake.isDown = false;
    await pass(10_000);

    expect(attempts()).toEqual([]);
    expect(waiting()).toEqual(["one"]);
  });
});
