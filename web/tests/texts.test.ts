import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Status } from "../src/status";
import { fill, type Texts, textsFor } from "../src/texts";
import { pass, stopTime } from "./time";

const english = textsFor("en");
const german = textsFor("de");
const blanks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

describe("the widget's words", () => {
  test.each([
    ["de-AT", german],
    ["DE", german],
    ["en-GB", english],
    ["fr", english],
    ["", english],
  ])("for the language tag %j", (language, texts) => {
    expect(textsFor(language).open).toBe(texts.open);
  });

  test("are there in German with the same blanks", () => {
    for (const name of Object.keys(english) as (keyof Texts)[]) {
      expect(german[name], name).toMatch(/\S/);
      expect(blanks(german[name]), name).toEqual(blanks(english[name]));
    }
  });

  test("have their blanks filled, with a zero too, and the others left", () => {
    expect(fill("{a} and {b}, {a}; {c}", { a: 0, b: "$&" })).toBe("0 and $&, 0; {c}");
  });
});

describe("the status line", () => {
  const session = { token: "", fresh: false, message_length: 4000, upload_bytes: 8_000_000, upload_types: [] };
  let status: Status;

  beforeEach(() => {
    stopTime();
    status = new Status(english);
  });

  afterEach(() => vi.useRealTimers());

  test("tells a lost connection from a browser that is offline, and goes when it is back", () => {
    status.showOnline(false);
    expect(status.line.textContent).toBe(english.connecting);
    expect(status.line.hidden).toBe(false);

    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    status.showOnline(false);
    expect(status.line.textContent).toBe(english.offline);

    status.showOnline(true);
    expect(status.line.hidden).toBe(true);
  });

  test.each([
    ["too_large", undefined, "That is too large. I can take photos of up to 8 MB."],
    ["too_large", "message-1", fill(english.too_long, { limit: 4000 })],
    ["not_a_picture", undefined, english.not_a_picture],
    ["bad_request", "message-1", english.failed],
  ])("says of a refusal as %s (message: %s) what it means", (code, id, text) => {
    status.showRefusal({ code, problem: "for developers" }, session, id);

    expect(status.line.textContent).toBe(text);
  });

  test("shows a refusal for as long as it holds, else for 8 seconds", async () => {
    status.showRefusal({ code: "too_fast", problem: "", wait: 20 }, session, "message-1");
    expect(status.line.textContent).toContain("20 s");
    await pass(19_999);
    expect(status.line.hidden).toBe(false);
    await pass(1);
    expect(status.line.hidden).toBe(true);

    status.showRefusal({ code: "failed", problem: "" }, session);
    await pass(7999);
    expect(status.line.hidden).toBe(false);
    await pass(1);
    expect(status.line.hidden).toBe(true);
  });

  test("says again that there is no connection when a refusal is over, and takes no later word away", async () => {
    status.showOnline(false);
    status.show("for a moment", 5);
    await pass(5000);
    expect(status.line.textContent).toBe(english.offline);

    status.show("for a moment", 5);
    status.show("another");
    await pass(5000);
    expect(status.line.textContent).toBe("another");
  });
});
