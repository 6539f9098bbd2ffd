// A page with the whole widget in it, and what a visitor sees and does there.

import { expect, vi } from "vitest";
import { ParlanceChat } from "../src/widget";
import { SERVER } from "./fake-server";

// deep-chat asks whether it is in a Document. happy-dom's document is of another class than its own global one.
Object.assign(globalThis, { Document: document.constructor });
// It reads the colour of its dots from a computed style, which a browser always has.
document.body.style.setProperty("--quiet", "rgb(1, 2, 3)");
customElements.define("parlance-chat", ParlanceChat);

export const until = (check: () => void) => vi.waitFor(check, { interval: 5, timeout: 5000 });

export let widget: ParlanceChat;

export const within = <Part extends HTMLElement = HTMLElement>(selector: string) =>
  widget.shadowRoot!.querySelector<Part>(selector)!;
export const chat = () => within("deep-chat").shadowRoot!;
export const hidden = (...selectors: string[]) => selectors.map((selector) => within(selector).hidden);
export const status = () => within(".status").textContent;

/** All bubbles, the oldest first, without times and thumbs; typing is `...`. */
export function said(): string[] {
  return [...chat().querySelectorAll(".message-bubble")].map((bubble) =>
    bubble.querySelector(".loading-message-dots")
      ? "..."
      : (bubble.querySelector(".words, p") ?? bubble).textContent!.trim(),
  );
}

export const shows = (...bubbles: string[]) => until(() => expect(said()).toEqual(bubbles));
export const button = (title: string) =>
  [...chat().querySelectorAll<HTMLElement>("[data-payload]")].filter((one) => one.textContent === title).at(-1)!;

export function create(attributes: Record<string, string> = {}): void {
  widget = document.createElement("parlance-chat") as ParlanceChat;
  for (const [name, value] of Object.entries({ server: SERVER, language: "en", greeting: "Hello!", ...attributes })) {
    widget.setAttribute(name, value);
  }
  document.body.append(widget);
}

export const ready = () => until(() => expect(widget.hasAttribute("ready")).toBe(true));

export async function open(attributes: Record<string, string> = {}): Promise<void> {
  create(attributes);
  widget.open();
  await ready();
}

export function type(text: string): void {
  const input = chat().querySelector<HTMLElement>("#text-input")!;
  input.textContent = text;
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
}

/** Chooses a file in the dialog that the photo button opens. */
export function choosePhoto(bytes: number): void {
  const dialog = vi.spyOn(HTMLInputElement.prototype, "click").mockImplementation(function (this: HTMLInputElement) {
    Object.defineProperty(this, "files", { value: [new File([new Uint8Array(bytes)], "lamp.jpg")] });
    this.dispatchEvent(new Event("change"));
  });
  chat().querySelector<HTMLElement>(".custom-button")!.click();
  expect(dialog.mock.contexts.map((input) => (input as HTMLInputElement).accept)).toEqual(["image/jpeg"]);
}
