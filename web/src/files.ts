// Files of the visitor's computer: photos that come from it, and what is saved there.

import { element } from "./render";

/** Lets the visitor choose a file of one of these types. */
export function chooseFile(types: string[], take: (file: File) => void): void {
  const input = element("input", { type: "file", accept: types.join(",") });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) take(file);
  });
  input.click();
}

export function saveFile(content: Blob, name: string): void {
  const link = element("a", { download: name });
  link.href = URL.createObjectURL(content);
  link.click();
  URL.revokeObjectURL(link.href);
}
