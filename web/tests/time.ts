import { vi } from "vitest";

/** Timers that only `pass` moves on. Waits vary at random by a quarter; here they are what they are in the middle. */
export function stopTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
}

/** Lets time pass, and what follows from that happen: streams go on in turns of the event loop, not by timers. */
export async function pass(milliseconds = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
