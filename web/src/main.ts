// The script of the one tag: <script src="https://chat.example.com/chat/widget.js" data-heading="Fern" async></script>
// Its data- attributes become those of a <parlance-chat> at the end of the page, unless the page has one of its own.
//
// Pages that change without loading anew (Turbo, htmx, routers, tag managers) evaluate it again and again, or put a new
// body in place. What it defines is defined once for the document, and its chat moves on to the new body.

import type { ParlanceChat } from "./widget";

type Page = Window & { parlanceChat?: { widget: Promise<typeof import("./widget")>; element?: ParlanceChat } };

const script = document.currentScript as HTMLScriptElement | null;
const page = window as Page;
// deep-chat registers an element as it is loaded, which works once in a document.
page.parlanceChat ??= { widget: import("./widget") };
const shared = page.parlanceChat;

async function mount(): Promise<void> {
  const { ParlanceChat } = await shared.widget;
  if (!customElements.get("parlance-chat")) customElements.define("parlance-chat", ParlanceChat);
  if (!script) return;
  const there = document.querySelector("parlance-chat");
  if (!there) add(script);
  else if (there === shared.element) passIdentity(script, shared.element);
}

function add(tag: HTMLScriptElement): void {
  const chat = document.createElement("parlance-chat") as ParlanceChat;
  chat.setAttribute("server", new URL(".", tag.src).href);
  for (const { name, value } of tag.attributes) {
    if (name.startsWith("data-")) chat.setAttribute(name.slice(5), value);
  }
  if (!shared.element) new MutationObserver(follow).observe(document.documentElement, { childList: true });
  shared.element = chat;
  document.body.append(chat);
}

/** Puts the chat into a new body. */
function follow(): void {
  if (shared.element && document.body && !document.querySelector("parlance-chat")) document.body.append(shared.element);
}

/** The tag of the page that is shown now says who is signed in. */
function passIdentity(tag: HTMLScriptElement, chat: ParlanceChat): void {
  const token = tag.dataset.identityToken ?? "";
  if (token === (chat.getAttribute("identity-token") ?? "")) return;
  chat.setAttribute("identity-token", token);
  chat.identityToken = token;
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => void mount());
else void mount();
