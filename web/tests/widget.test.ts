// The whole widget with the real deep-chat, and the server behind `fetch`.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeServer } from "./fake-server";
import {
  button,
  chat,
  choosePhoto,
  create,
  hidden,
  open,
  ready,
  said,
  shows,
  status,
  type,
  until,
  widget,
  within,
} from "./page";

let fake: FakeServer;

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  fake = new FakeServer();
});

afterEach(async () => {
  widget.remove();
  await new Promise((resolve) => setTimeout(resolve)); // the widget stops a moment later
});

describe("the panel", () => {
  test("is closed and silent until the launcher is clicked", async () => {
    create();
    expect(hidden(".launcher", ".panel")).toEqual([false, true]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(fake.requests).toEqual([]);

    within(".launcher").click();
    await ready();
    expect(hidden(".launcher", ".panel")).toEqual([true, false]);
    expect(said()).toEqual(["Hello!"]);
  });

  test("is open again after a reload in the midst of a conversation, and closed where it was closed", async () => {
    await open();
    widget.remove();
    create();
    expect(hidden(".panel")).toEqual([false]);

    widget.close();
    widget.remove();
    create();
    expect(hidden(".panel")).toEqual([true]);
  });

  test("is left with Escape, the menu first", async () => {
    await open();
    const pressEscape = () => within(".panel").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    within(".menu-button").click();
    expect(hidden(".menu", ".panel")).toEqual([false, false]);
    expect(widget.shadowRoot!.activeElement).toBe(within(".person"));
    expect(within(".menu-button").getAttribute("aria-expanded")).toBe("true");

    pressEscape();
    expect(hidden(".menu", ".panel")).toEqual([true, false]);
    expect(widget.shadowRoot!.activeElement).toBe(within(".menu-button"));
    expect(within(".menu-button").getAttribute("aria-expanded")).toBe("false");

    pressEscape();
    expect(hidden(".panel", ".launcher")).toEqual([true, false]);
    expect(widget.shadowRoot!.activeElement).toBe(within(".launcher"));
  });

  test("is worded and coloured by the page", async () => {
    await open({ language: "de-AT", heading: "Hilfe", accent: "#7a1f5c", theme: "dark", "launcher-label": "Fragen?" });

    expect(within("#title").textContent).toBe("Hilfe");
    expect(within(".launcher").textContent).toBe("Fragen?");
    expect(within(".person").textContent).toBe("Mit einem Menschen sprechen");
    expect(chat().querySelector("#text-input")!.getAttribute("aria-label")).toBe("Nachricht schreiben");
    expect(widget.style.getPropertyValue("--chat-accent")).toBe("#7a1f5c");
    expect(widget.dataset.scheme).toBe("dark");
  });
});

describe("what the visitor says", () => {
  test("is sent as it was typed, shown so, and waits until the server has it", async () => {
    await open();
    let arrive = () => {};
    fake.gate = new Promise((resolve) => {
      arrive = resolve;
    });
    type("[a](javascript:alert(1)) <b>b</b>");
    await shows("Hello!", "[a](javascript:alert(1)) <b>b</b>", "...");
    expect(chat().querySelector(".user-message-text a, .user-message-text b")).toBeNull();
    expect(chat().querySelectorAll(".waiting")).toHaveLength(1);
    await until(() => expect(fake.posted("messages")).toHaveLength(1));
    expect(fake.posted("messages")[0]).toMatchObject({ text: "[a](javascript:alert(1)) <b>b</b>", locale: "en" });

    arrive();
    await until(() => expect(chat().querySelectorAll(".waiting")).toHaveLength(0));
    fake.say({ text: "Answer" });
    fake.tell("typing", false);
    await shows("Hello!", "[a](javascript:alert(1)) <b>b</b>", "Answer");
  });

  test("with a quick reply is its payload, and the replies are used up", async () => {
    await open({ suggestions: "Where is my order?| |Lamps" });
    expect([...chat().querySelectorAll(".replies button")].map((one) => one.textContent)).toEqual([
      "Where is my order?",
      "Lamps",
    ]);
    fake.say({ text: "Sure?", buttons: [{ title: "Yes", payload: "/affirm" }] });
    await until(() => expect(button("Yes")).toBeTruthy());
    button("Yes").click();

    await until(() => expect(fake.posted("messages")).toHaveLength(1));
    expect(fake.posted("messages")[0]).toMatchObject({ text: "/affirm", title: "Yes" });
    expect(said()).toEqual(["Hello!", "Sure?", "Yes", "..."]);
    expect(chat().querySelectorAll(".answer:not(.past)")).toHaveLength(0);
  });

  test("before a reload is shown after it, once, and sent", async () => {
    await open();
    fake.goDown();
    await until(() => expect(status()).toBe("Connecting again …"));
    type("kept");
    await until(() => expect(chat().querySelectorAll(".waiting")).toHaveLength(1));
    expect(said(), "nobody is typing an answer").toEqual(["Hello!", "kept"]);
    widget.remove();
    fake.isDown = false;
    await open();

    await until(() => expect(fake.entries.map(({ text }) => text)).toEqual(["kept"]));
    fake.say({ text: "Answer" });
    fake.tell("typing", false);
    await shows("Hello!", "kept", "Answer");
    expect(chat().querySelectorAll(".waiting")).toHaveLength(0);
  });

  test("in another tab is shown in this one", async () => {
    await open();
    fake.say({ kind: "user", text: "from there" });
    fake.tell("typing", false);

    await shows("Hello!", "from there");
  });

  test("calls a person from the menu, with the page's payload", async () => {
    await open({ "person-payload": "/help" });
    within(".menu-button").click();
    within(".person").click();

    await until(() => expect(fake.posted("messages")).toHaveLength(1));
    expect(fake.posted("messages")[0]).toMatchObject({ text: "/help", title: "Talk to a person" });
    expect(hidden(".menu")).toEqual([true]);
  });
});

describe("the page is anew", () => {
  test("after a new visit: what was said is gone, what follows comes", async () => {
    await open();
    type("my secret");
    await until(() => expect(fake.entries).toHaveLength(1));
    fake.say({ kind: "restart" });
    fake.say({ text: "Logged out." });

    await shows("Hello!", "Logged out.");
    type("my secret");
    await shows("Hello!", "Logged out.", "my secret", "...");
  });

  test("after starting over from the menu", async () => {
    await open();
    type("one");
    await shows("Hello!", "one", "...");
    within(".restart").click();

    await until(() => expect(fake.entries.map(({ kind }) => kind)).toEqual(["user", "restart"]));
    await shows("Hello!");
  });

  test("where the server begins another conversation for who is signed in now", async () => {
    await open();
    fake.say({ text: "Ada's order" });
    await shows("Hello!", "Ada's order");
    fake.beginAnew();
    widget.identityToken = "tom";
    await shows("Hello!");

    expect(fake.last("session")!.headers.get("x-identity-token")).toBe("tom");
    await until(() => expect(fake.last("events")!.path).toBe("events?after=0"));
  });
});

describe("a thumb", () => {
  test("is pressed and sent, and shown in every tab", async () => {
    await open();
    fake.say({ id: "a-1", text: "Good?" });
    fake.say({ id: "a-2", text: "Bad?" });
    await shows("Hello!", "Good?", "Bad?");
    const pressed = () =>
      [...chat().querySelectorAll<HTMLElement>("[aria-pressed=true]")].map(
        (thumb) => `${thumb.closest<HTMLElement>("[data-entry]")!.dataset.entry} ${thumb.dataset.rating}`,
      );
    chat()
      .querySelector<HTMLElement>("[data-entry=a-1] [data-rating=up] path")!
      .dispatchEvent(new Event("click", { bubbles: true }));
    expect(pressed()).toEqual(["a-1 up"]);
    await until(() => expect(fake.posted("feedback")).toMatchObject([{ answer: "a-1", rating: "up" }]));

    fake.say({ kind: "feedback", answer: "a-2", rating: "up" });
    fake.say({ kind: "feedback", answer: "a-2", rating: "down" });
    await until(() => expect(pressed()).toEqual(["a-1 up", "a-2 down"]));
  });
});

describe("a photo", () => {
  test("is uploaded, then said, then shown as the server gives it back", async () => {
    vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:the-picture");
    await open();
    choosePhoto(1000);

    await until(() => expect(fake.posted("messages")).toMatchObject([{ upload: "photo-1", locale: "en" }]));
    await until(() => expect(chat().querySelector("img")?.src).toBe("blob:the-picture"));
    expect(chat().querySelector("img")!.alt).toBe("Photo: lamp.jpg");
    expect(fake.last("uploads/")!.path).toBe("uploads/photo-1");
  });

  test("is shown when the server has it, after a reload too", async () => {
    await open();
    let arrive = () => {};
    fake.gate = new Promise((resolve) => {
      arrive = resolve;
    });
    choosePhoto(10);
    await until(() => expect(fake.posted("messages")).toHaveLength(1));
    widget.remove();
    await open();
    expect(said()).toEqual(["Hello!"]);

    arrive();
    await until(() => expect(chat().querySelectorAll("img")).toHaveLength(1));
  });

  test("that is too large is not sent", async () => {
    await open();
    choosePhoto(1001);

    expect(status()).toBe("That is too large. I can take photos of up to 0.001 MB.");
    expect(fake.paths("uploads")).toEqual([]);
  });

  test.each([
    ["that the server refuses", () => fake.refuse("uploads", 415, { code: "not_a_picture" }), "I can only take photos"],
    ["that is lost on the way", () => fake.lose("uploads"), "The photo could not be sent"],
  ])("%s is not said, and the visitor knows why", async (_case, arrange, words) => {
    await open();
    arrange();
    choosePhoto(10);

    await until(() => expect(status()).toContain(words));
    expect(fake.posted("messages")).toEqual([]);
  });
});

describe("answers", () => {
  test("are announced while they are written, and not when the connection is lost", async () => {
    await open();
    fake.tell("typing", true);
    await shows("Hello!", "...");

    fake.goDown();
    await shows("Hello!");
    expect(status()).toBe("Connecting again …");
  });

  test("are read aloud when that is on: new ones, and only the assistant's", async () => {
    const synthesis = { speak: vi.fn(), cancel: vi.fn() };
    vi.stubGlobal("speechSynthesis", synthesis);
    vi.stubGlobal(
      "SpeechSynthesisUtterance",
      class {
        lang = "";
        constructor(readonly text: string) {}
      },
    );
    fake.say({ text: "old" });
    await open({ language: "en-GB" });
    within(".aloud").click();
    fake.say({ text: "a **new** one" });
    fake.say({ kind: "notice", text: "a notice" });
    await shows("Hello!", "old", "a new one", "a notice");

    expect(synthesis.speak.mock.calls).toEqual([[expect.objectContaining({ lang: "en-GB" })]]);
    expect(synthesis.speak.mock.calls[0][0].text.trim()).toBe("a new one");
    expect(within(".aloud").getAttribute("aria-pressed")).toBe("true");
    within(".aloud").click();
    expect(synthesis.cancel).toHaveBeenCalledOnce();
  });

  test("are saved as a transcript", async () => {
    const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockReturnValue();
    const made = vi.spyOn(URL, "createObjectURL");
    await open();
    within(".transcript").click();

    await until(() => expect(clicked).toHaveBeenCalledOnce());
    expect((clicked.mock.contexts[0] as HTMLAnchorElement).download).toMatch(/^chat-\d{4}-\d\d-\d\d\.txt$/);
    expect(await (made.mock.calls[0][0] as Blob).text()).toBe("You: hello");
  });
});

describe("the page", () => {
  test("hears that who was signed in is not any more", async () => {
    const refused = vi.fn();
    document.body.addEventListener("parlance-chat-identity-refused", refused, { once: true });
    fake.refuse("session", 401, { code: "identity_refused" });
    await open({ "identity-token": "out of date" });

    expect(refused).toHaveBeenCalledOnce();
    expect(fake.last("session")!.headers.has("x-identity-token")).toBe(false);
  });

  test("may move the chat, which keeps its connection, or take it out, which ends it until it is back", async () => {
    await open();
    document.body.prepend(widget);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fake.listeners).toBe(1);

    widget.remove();
    await until(() => expect(fake.listeners).toBe(0));
    fake.say({ text: "meanwhile" });
    document.body.append(widget);
    await shows("Hello!", "meanwhile");
    expect(fake.paths("events")).toEqual(["events?after=0", "events?after=0"]);
  });
});
