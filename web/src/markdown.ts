// Markdown to HTML for what the assistant says. HTML in the text is shown as text, and links lead to the web, to mail
// or to a telephone, and nowhere else. (deep-chat's own renderer accepts `javascript:` links, so it is not used.)

import MarkdownIt from "markdown-it";

const SAFE_LINK = /^(https?:\/\/|mailto:|tel:)/i;

const markdown = new MarkdownIt("default", { html: false, linkify: true, breaks: true, typographer: false });
markdown.disable(["image", "html_block", "html_inline"], true);
markdown.validateLink = (url: string) => SAFE_LINK.test(url.trim());
markdown.renderer.rules.link_open = (tokens, index, options, _env, renderer) => {
  tokens[index].attrSet("target", "_blank");
  tokens[index].attrSet("rel", "noopener noreferrer");
  return renderer.renderToken(tokens, index, options);
};

export function markdownToHtml(text: string): string {
  return markdown.render(text);
}

/** A text as HTML that shows it just as it was typed. */
export function plainToHtml(text: string): string {
  const paragraph = document.createElement("p");
  paragraph.dir = "auto";
  paragraph.textContent = text;
  return paragraph.outerHTML;
}
