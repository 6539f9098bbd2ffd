// Entries as HTML. Elements are built and given their texts, never pasted together, so that nothing that was typed can
// become markup. Clicks are found by the data- attributes (see messages.ts).

import { markdownToHtml, plainToHtml } from "./markdown";
import type { Button, Card, Entry } from "./protocol";
import { fill, type Texts } from "./texts";

// Drawn, because not every system has a font with thumbs; the style turns it over for the other one.
const THUMB = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 11h3v9H4zM7 12l4-8q3 0 2 6h6l-2 10H7z"/></svg>';

export interface Rendering {
  texts: Texts;
  language: string;
  /** Where pictures of cards are. */
  pictures: string;
}

/** What the assistant or the channel said. */
export function answerHtml(entry: Entry, rendering: Rendering): string {
  const { texts } = rendering;
  const bubble = element("div", { class: `answer ${entry.kind}`, "data-entry": entry.id });
  const text = entry.code && entry.code in texts ? fill(texts[entry.code as keyof Texts], { ...entry }) : entry.text;
  if (text) {
    const words = element("div", { class: "words", dir: "auto" });
    words.innerHTML = markdownToHtml(text);
    bubble.append(words);
  }
  if (entry.image) bubble.append(element("img", { class: "picture", src: entry.image, alt: "" }));
  if (entry.cards?.length) bubble.append(carousel(entry.cards, rendering));
  if (entry.buttons?.length) bubble.append(replies(entry.buttons, "replies", texts));
  bubble.append(footer(entry, rendering));
  return bubble.outerHTML;
}

/** What the visitor said: a text just as it was typed, or a photo. */
export function visitorHtml(entry: Pick<Entry, "id" | "text" | "attachment">, texts: Texts): string {
  const bubble = element("div", { class: "visitor", "data-entry": entry.id });
  if (entry.attachment) {
    const alt = fill(texts.photoSent, { name: entry.attachment.name });
    bubble.append(element("img", { class: "picture", alt, "data-upload": entry.attachment.id }));
  } else {
    bubble.innerHTML = plainToHtml(entry.text ?? "");
  }
  return bubble.outerHTML;
}

function carousel(cards: Card[], rendering: Rendering): HTMLElement {
  const list = element("ul", { class: "cards", "aria-label": rendering.texts.cards, tabindex: "0" });
  for (const card of cards) {
    const item = element("li", { class: "card" });
    const source = card.picture ? `${rendering.pictures}/${card.picture}` : card.image;
    if (source) item.append(element("img", { src: source, alt: "", loading: "lazy" }));
    item.append(element("strong", { dir: "auto" }, card.title));
    if (card.subtitle) item.append(element("span", { class: "subtitle", dir: "auto" }, card.subtitle));
    const price = priceOf(card, rendering.language);
    if (price) item.append(element("span", { class: "price" }, price));
    if (card.buttons.length) item.append(replies(card.buttons, "choices", rendering.texts));
    list.append(item);
  }
  return list;
}

function priceOf(card: Card, language: string): string | undefined {
  if (card.amount === undefined || !card.currency) return card.price;
  return new Intl.NumberFormat(language, { style: "currency", currency: card.currency }).format(card.amount);
}

function replies(buttons: Button[], name: string, texts: Texts): HTMLElement {
  const group = element("div", { class: name });
  for (const button of buttons) {
    if (button.url) {
      const label = `${button.title} (${texts.newWindow})`;
      const link = { href: button.url, target: "_blank", rel: "noopener noreferrer", "aria-label": label };
      group.append(element("a", link, button.title));
    } else {
      group.append(element("button", { type: "button", "data-payload": button.payload ?? button.title }, button.title));
    }
  }
  return group;
}

function footer(entry: Entry, { texts, language }: Rendering): HTMLElement {
  const line = element("div", { class: "footer" });
  const when = new Date(entry.at * 1000);
  const time = when.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
  const full = when.toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
  line.append(element("time", { datetime: when.toISOString(), title: full }, time));
  if (entry.kind === "bot") {
    for (const [rating, label] of [
      ["up", texts.up],
      ["down", texts.down],
    ]) {
      const attributes = { type: "button", "data-rating": rating, "aria-label": label, title: label };
      const thumb = element("button", { ...attributes, "aria-pressed": "false" });
      thumb.innerHTML = THUMB;
      line.append(thumb);
    }
  }
  return line;
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string> = {},
  text?: string,
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
