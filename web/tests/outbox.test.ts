import { beforeEach, describe, expect, test, vi } from "vitest";
import { newId, Outbox, type Parcel } from "../src/outbox";
import { openStorage, rememberOpen, wasOpen } from "../src/storage";

const parcel = (id: string): Parcel => ({ path: "messages", body: { id, text: `text of ${id}` } });
const ids = (outbox: Outbox) => outbox.all().map(({ body }) => body.id);

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});

describe("the outbox", () => {
  test("keeps parcels in their order and gives up only the one that is named", () => {
    const outbox = new Outbox(localStorage, "outbox");
    for (const id of ["a", "b", "c"]) outbox.add(parcel(id));
    outbox.remove("b");

    expect(ids(outbox)).toEqual(["a", "c"]);
    expect(outbox.first()).toEqual(parcel("a"));
  });

  test("is the same one after a reload, and another one for another chat", () => {
    new Outbox(localStorage, "outbox").add(parcel("a"));

    expect(ids(new Outbox(localStorage, "outbox"))).toEqual(["a"]);
    expect(ids(new Outbox(localStorage, "other"))).toEqual([]);
  });

  test.each(["{", '"text"', '{"path": "messages"}', "null"])(
    "is empty where %s is stored, and takes in again",
    (stored) => {
      localStorage.setItem("outbox", stored);
      const outbox = new Outbox(localStorage, "outbox");

      expect(outbox.first()).toBeUndefined();
      outbox.add(parcel("a"));
      expect(ids(outbox)).toEqual(["a"]);
    },
  );

  test("gives every message an id of its own that the server accepts", () => {
    const made = new Set(Array.from({ length: 500 }, newId));

    expect(made.size).toBe(500);
    for (const id of made) expect(id).toMatch(/^[\w-]{8,64}$/);
  });
});

describe("storage", () => {
  const forbidden = () => {
    throw new DOMException("denied", "SecurityError");
  };

  test("is the browser's, where nothing of the trial is left", () => {
    openStorage().setItem("kept", "yes");

    expect({ ...localStorage }).toEqual({ kept: "yes" });
  });

  test("is memory where the browser allows none", () => {
    vi.stubGlobal("localStorage", { setItem: forbidden });
    const outbox = new Outbox(openStorage(), "outbox");
    outbox.add(parcel("a"));
    outbox.add(parcel("b"));
    outbox.remove("a");

    expect(ids(outbox)).toEqual(["b"]);
  });

  test("remembers whether the panel is open, where it may", () => {
    rememberOpen(true);
    expect(wasOpen()).toBe(true);
    rememberOpen(false);
    expect(wasOpen()).toBe(false);

    rememberOpen(true);
    vi.stubGlobal("sessionStorage", { getItem: forbidden, setItem: forbidden });
    expect(() => rememberOpen(true)).not.toThrow();
    expect(wasOpen()).toBe(false);
  });
});
