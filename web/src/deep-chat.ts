// deep-chat as the widget needs it: its look, its words, and what it tells screen readers.

import "deep-chat";
import type { DeepChat } from "deep-chat";
import chatStyle from "./chat.css?inline";
import { PHOTO } from "./icons";
import { plainToHtml } from "./markdown";
import { speechToText } from "./speech";
import type { Texts } from "./texts";

interface WindowWithPlugins extends Window {
  remarkable_plugins?: { plugin: (renderer: Renderer) => void }[];
}

/** The part of deep-chat's Markdown renderer that is replaced. */
interface Renderer {
  options: { showAsTyped?: boolean };
  render: (text: string) => string;
}

// deep-chat shows what a visitor types as Markdown, with any link in it. Here it is shown as it was typed. The option
// marks this widget's own chat, so that another one on the page stays as it is.
const host = window as WindowWithPlugins;
host.remarkable_plugins ??= [];
host.remarkable_plugins.push({
  plugin: (renderer) => {
    if (renderer.options.showAsTyped) renderer.render = plainToHtml;
  },
});

const SETTLING_MS = 40;

interface Signals {
  onOpen: () => void;
  newUserMessage: { listener: (body: unknown) => void };
}

export interface Handlers {
  /** deep-chat has shown what was typed. */
  onTyped(text: string): void;
  onPhotoButton(): void;
}

/** A deep-chat that is not in the page yet; it puts into `loading` what shows that somebody is typing. */
export function createDeepChat(texts: Texts, language: string, loading: object, handlers: Handlers): DeepChat {
  const chat = document.createElement("deep-chat");
  chat.style.fontFamily = "inherit"; // without a font of its own, deep-chat fetches one from a third party
  Object.assign(chat, {
    connect: {
      websocket: true,
      handler: (_body: unknown, signals: Signals) => {
        signals.onOpen();
        signals.newUserMessage.listener = (body) => handlers.onTyped(lastText(body));
      },
    },
    remarkable: { html: false, showAsTyped: true },
    displayLoadingBubble: loading,
    textInput: textInput(texts),
    speechToText: speechToText(language),
    customButtons: [
      {
        position: "inside-start",
        tooltip: { text: texts.photo },
        styles: { button: { default: { svg: { content: PHOTO, styles: { default: { width: "22px" } } } } } },
        onClick: () => handlers.onPhotoButton(),
      },
    ],
    messageStyles: messageStyles(),
    chatStyle: { width: "100%", height: "100%", border: "0", backgroundColor: "var(--paper)", fontFamily: "inherit" },
    inputAreaStyle: { backgroundColor: "var(--paper)" },
    auxiliaryStyle: chatStyle,
  });
  return chat;
}

function lastText(body: unknown): string {
  return (body as { messages?: { text?: string }[] }).messages?.at(-1)?.text ?? "";
}

function textInput(texts: Texts): object {
  return {
    placeholder: { text: texts.placeholder, style: { color: "var(--quiet)" } },
    styles: {
      container: { backgroundColor: "var(--paper)", border: "1px solid var(--line)", borderRadius: "14px" },
      text: { color: "var(--ink)", fontSize: "16px" },
    },
  };
}

function messageStyles(): object {
  const bubble = { borderRadius: "14px", padding: "9px 13px", maxWidth: "85%", fontSize: "15px" };
  const said = { ...bubble, backgroundColor: "var(--bubble)", color: "var(--ink)" };
  const own = { ...bubble, backgroundColor: "var(--accent)", color: "var(--accent-ink)" };
  return {
    default: { user: { bubble: own }, ai: { bubble: said } },
    html: { user: { bubble: own }, ai: { bubble: said } },
    loading: { message: { styles: { bubble: { ...said, color: "var(--quiet)" } } } },
  };
}

/** Waits for a deep-chat in the page: it renders itself more than once as it starts, and its buttons whenever they change. */
export function onceSettled(chat: DeepChat, texts: Texts, then: () => void): void {
  let settling: ReturnType<typeof setTimeout> | undefined;
  let settled = false;
  const onRendered = () => {
    describe(chat, texts);
    if (settled) return;
    clearTimeout(settling);
    settling = setTimeout(() => {
      settled = true;
      then();
    }, SETTLING_MS);
  };
  new MutationObserver(onRendered).observe(chat.shadowRoot!, { childList: true, subtree: true });
}

/** Tells screen readers what deep-chat's parts are. */
function describe(chat: DeepChat, texts: Texts): void {
  const parts: Record<string, Record<string, string>> = {
    "#messages": { role: "log", "aria-live": "polite", "aria-label": texts.log, tabindex: "0" },
    "#text-input": { role: "textbox", "aria-multiline": "true", "aria-label": texts.placeholder },
    ".input-button.outside-end": { "aria-label": texts.send },
    "#microphone-button": { "aria-label": texts.speak },
    ".custom-button": { "aria-label": texts.photo },
  };
  for (const [selector, attributes] of Object.entries(parts)) {
    const found = chat.shadowRoot!.querySelector(selector);
    for (const [name, value] of Object.entries(attributes)) found?.setAttribute(name, value);
  }
}
