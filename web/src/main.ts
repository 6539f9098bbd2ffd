// The script of the one tag: <script src="https://chat.example.com/chat/widget.js" data-heading="Fern" async></script>
// Its data- attributes become those of a <parlance-chat> at the end of the page, unless the page has one of its own.
//
// Pages that change without loading anew (Turbo, htmx, routers, tag managers) evaluate it again and again, so what it
// defines is defined once for the document, and each time the page is given a chat where it has none.

const script = document.currentScript as HTMLScriptElement | null;

async function mount(): Promise<void> {
  // deep-chat registers an element as it is loaded, which works once in a document.
  if (!window.parlanceChat) window.parlanceChat = import("./widget");
  const { ParlanceChat } = await window.parlanceChat;
  if (!customElements.get("parlance-chat")) customElements.define("parlance-chat", ParlanceChat);
  if (!script || document.querySelector("parlance-chat")) return;
  const chat = document.createElement("parlance-chat");
  chat.setAttribute("server", new URL(".", script.src).href);
  for (const { name, value } of script.attributes) {
    if (name.startsWith("data-")) chat.setAttribute(name.slice(5), value);
  }
  document.body.append(chat);
}

declare global {
  interface Window {
    parlanceChat?: Promise<typeof import("./widget")>;
  }
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => void mount());
else void mount();
