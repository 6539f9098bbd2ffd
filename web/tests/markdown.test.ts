import { describe, expect, test } from "vitest";
import { markdownToHtml, plainToHtml } from "../src/markdown";

function shown(html: string): HTMLElement {
  const place = document.createElement("div");
  place.innerHTML = html;
  return place;
}

const answer = (text: string) => shown(markdownToHtml(text));

describe("a link in an answer", () => {
  test.each(["https://example.com/shop", "http://example.com/", "mailto:help@example.com", "tel:+441234"])(
    "leads to %s in a new window that knows nothing of this one",
    (address) => {
      const link = answer(`[here](${address})`).querySelector("a")!;

      expect(link.getAttribute("href")).toBe(address);
      expect(link.target).toBe("_blank");
      expect(link.rel).toBe("noopener noreferrer");
    },
  );

  test.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "javascript&colon;alert(1)",
    "&#106;avascript:alert(1)",
    "<javascript:alert(1)>",
    "data:text/html,<script>1</script>",
    "data:image/png;base64,AAAA",
    "vbscript:x",
    "file:///etc/passwd",
    "//example.com",
    "/chat/account/token",
    "https:/example.com",
  ])("leads nowhere for %s", (address) => {
    const answered = answer(`[here](${address}) <${address}>`);

    expect(answered.querySelector("a")).toBeNull();
    expect(answered.textContent).toContain("here");
  });

  test("is made of an address that is written out, and of no other scheme", () => {
    const links = [...answer("See https://example.com/a or javascript:alert(1).").querySelectorAll("a")];

    expect(links.map((link) => link.getAttribute("href"))).toEqual(["https://example.com/a"]);
  });
});

describe("an answer", () => {
  test("shows HTML as text", () => {
    const answered = answer("<img src=x onerror=alert(1)> <b>bold</b>\n\n<script>alert(1)</script>");

    expect(answered.querySelector("img, b, script")).toBeNull();
    expect(answered.textContent).toContain("<b>bold</b>");
    expect(answered.textContent).toContain("<script>alert(1)</script>");
  });

  test("fetches no picture", () => {
    expect(answer("![x](https://example.com/track.png)").querySelector("img")).toBeNull();
  });

  test("shows emphasis, lists and line breaks", () => {
    const answered = answer("**Bold**\nnext\n\n- one\n- two");

    expect(answered.querySelector("strong")?.textContent).toBe("Bold");
    expect(answered.querySelectorAll("br")).toHaveLength(1);
    expect(answered.querySelectorAll("li")).toHaveLength(2);
  });
});

test("what was typed is shown letter by letter", () => {
  const typed = '**a** [b](https://example.com) <img src=x onerror=alert(1)> & "c"\n  d';
  const paragraph = shown(plainToHtml(typed)).firstElementChild as HTMLElement;

  expect(paragraph.textContent).toBe(typed);
  expect(paragraph.children).toHaveLength(0);
  expect(paragraph.dir, "right to left where it is written so").toBe("auto");
});
