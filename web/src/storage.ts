// What the browser keeps for the widget, where it allows that.

/** localStorage, or memory where the browser allows none. */
export function openStorage(): Storage {
  try {
    localStorage.setItem("parlance-chat-probe", "");
    localStorage.removeItem("parlance-chat-probe");
    return localStorage;
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    } as Storage;
  }
}

const OPEN_KEY = "parlance-chat-open";

/** Whether the panel was open in this tab before the page was loaded anew. */
export function wasOpen(): boolean {
  try {
    return sessionStorage.getItem(OPEN_KEY) === "yes";
  } catch {
    return false;
  }
}

export function rememberOpen(open: boolean): void {
  try {
    sessionStorage.setItem(OPEN_KEY, open ? "yes" : "no");
  } catch {
    // The panel is then closed after a reload.
  }
}
