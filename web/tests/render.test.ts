import { describe, expect, test } from "vitest";
import type { Card, Entry } from "../src/protocol";
import { answerHtml, visitorHtml } from "../src/render";
import { textsFor } from "../src/texts";

function bubble(html: string): Element {
  const place = document.createElement("div");
  place.innerHTML = html;
  return place.firstElementChild!;
}

function answer(entry: Partial<Entry>, language = "en-GB"): Element {
  const whole: Entry = { number: 1, id: "a-1", kind: "bot", at: 1_750_000_000, ...entry };
  return bubble(
    answerHtml(whole, { texts: textsFor(language), language, pictures: "https://chat.example.com/pictures" }),
  );
}

const card = (fields: Partial<Card>): Card => ({ title: "Heron", buttons: [], ...fields });
const texts = (place: Element, selector: string) =>
  [...place.querySelectorAll(selector)].map((part) => part.textContent);

describe("an answer", () => {
  test("carries its id, its words and its time", () => {
    const answered = answer({ text: "Hello **you**" });

    expect(answered.getAttribute("data-entry")).toBe("a-1");
    expect(answered.querySelector(".words strong")?.textContent).toBe("you");
    expect(answered.querySelector("time")?.getAttribute("datetime")).toBe("2025-06-15T15:06:40.000Z");
    expect(answered.querySelector("time")?.textContent).toBe("15:06");
  });

  test("with a code is in the visitor's language, its blanks filled; with an unknown one as the server words it", () => {
    expect(answer({ code: "too_long", limit: 4000, text: "server" }, "de").textContent).toContain("4000 Zeichen");
    expect(texts(answer({ code: "unheard_of", text: "server" }, "de"), ".words p")).toEqual(["server"]);
  });

  test("has thumbs; what the channel says itself has none", () => {
    const thumbs = [...answer({ text: "x" }).querySelectorAll("[data-rating]")];

    expect(thumbs.map((thumb) => thumb.getAttribute("data-rating"))).toEqual(["up", "down"]);
    expect(thumbs.map((thumb) => thumb.getAttribute("aria-pressed"))).toEqual(["false", "false"]);
    expect(answer({ kind: "notice", text: "x" }).querySelector("[data-rating]")).toBeNull();
  });

  test("shows its picture, and no empty parts", () => {
    const answered = answer({ image: "https://example.com/a.png" });

    expect(answered.querySelector("img")?.getAttribute("src")).toBe("https://example.com/a.png");
    expect(answered.querySelector(".words, .cards, .replies")).toBeNull();
  });
});

describe("buttons", () => {
  test("send their payload, or their title", () => {
    const buttons = answer({ buttons: [{ title: "Yes", payload: "/affirm" }, { title: "<b>No</b>" }] });

    expect(texts(buttons, ".replies button")).toEqual(["Yes", "<b>No</b>"]);
    const payloads = [...buttons.querySelectorAll("button[data-payload]")].map((button) =>
      button.getAttribute("data-payload"),
    );
    expect(payloads).toEqual(["/affirm", "<b>No</b>"]);
  });

  test("with an address are links that say where they open", () => {
    const link = answer({ buttons: [{ title: "Shop", url: "https://example.com/" }] }).querySelector("a")!;

    expect(link.getAttribute("href")).toBe("https://example.com/");
    expect(link.getAttribute("rel")).toBe("noopener noreferrer");
    expect(link.getAttribute("aria-label")).toBe("Shop (opens in a new window)");
    expect(link.hasAttribute("data-payload")).toBe(false);
  });
});

describe("cards", () => {
  test("show title and subtitle as text, and their own buttons", () => {
    const cards = answer({
      cards: [card({ title: "Moss <b>cushion</b>", subtitle: "<i>soft</i>", buttons: [{ title: "More" }] }), card({})],
    });

    expect(texts(cards, ".card strong")).toEqual(["Moss <b>cushion</b>", "Heron"]);
    expect(texts(cards, ".card .subtitle")).toEqual(["<i>soft</i>"]);
    expect(texts(cards, ".card .choices button")).toEqual(["More"]);
    expect(cards.querySelector(".cards")?.getAttribute("aria-label")).toBe("Products");
  });

  test("show the channel's own drawing, else the picture of the web", () => {
    const pictures = answer({
      cards: [
        card({ picture: "products/1.svg", image: "https://example.com/1.png" }),
        card({ image: "https://example.com/2.png" }),
        card({}),
      ],
    }).querySelectorAll(".card img");

    expect([...pictures].map((picture) => picture.getAttribute("src"))).toEqual([
      "https://chat.example.com/pictures/products/1.svg",
      "https://example.com/2.png",
    ]);
  });

  test("word an amount in the visitor's language, and leave a price as it is", () => {
    const priced = [
      card({ amount: 1129, currency: "EUR", price: "not this" }),
      card({ price: "£28.00" }),
      card({ amount: 0, currency: "EUR" }),
      card({}),
    ];

    expect(texts(answer({ cards: priced }), ".price")).toEqual(["€1,129.00", "£28.00", "€0.00"]);
    expect(texts(answer({ cards: priced.slice(0, 1) }, "de-DE"), ".price")).toEqual(["1.129,00\u00a0€"]);
  });
});

describe("what the visitor said", () => {
  test("is shown as it was typed", () => {
    const said = bubble(visitorHtml({ id: "v-1", text: "**no** <img src=x>" }, textsFor("en")));

    expect(said.getAttribute("data-entry")).toBe("v-1");
    expect(said.textContent).toBe("**no** <img src=x>");
    expect(said.querySelector("img, strong")).toBeNull();
  });

  test("as a photo is described until it is there", () => {
    const attachment = { id: "u-1", name: '"><script>.jpg', type: "image/jpeg", size: 1 };
    const photo = bubble(visitorHtml({ id: "v-1", attachment }, textsFor("en"))).querySelector("img")!;

    expect(photo.alt).toBe('Photo: "><script>.jpg');
    expect(photo.dataset.upload).toBe("u-1");
    expect(photo.hasAttribute("src")).toBe(false);
  });
});
