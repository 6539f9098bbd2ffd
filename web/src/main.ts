// The script of the one tag: <script src="https://chat.example.com/chat/widget.js" data-heading="Fern" async></script>
// Its data- attributes become those of a <parlance-chat> at the end of the page, unless the page has one of its own.

import { ParlanceChat } from "./widget";

const script = document.currentScript as HTMLScriptElement | null;

function mount(): void {
  if (!customElements.get("parlance-chat")) customElements.define("parlance-chat", ParlanceChat);
  if (!script || document.querySelector("parlance-chat")) return;
  const chat = document.createElement("parlance-chat");
  chat.setAttribute("server", new URL(".", script.src).href);
  for (const { name, value } of script.attributes) {
    if (name.startsWith("data-")) chat.setAttribute(name.slice(5), value);
  }
  document.body.append(chat);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mount);
else mount();
