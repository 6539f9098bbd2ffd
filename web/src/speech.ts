// Reading answers aloud and speaking messages, where the browser can.

export const canReadAloud = (): boolean => "speechSynthesis" in window;

export class ReadAloud {
  isOn = false;

  constructor(private readonly language: string) {}

  /** Whether it is on now. */
  toggle(): boolean {
    this.isOn = !this.isOn;
    if (!this.isOn) this.stop();
    return this.isOn;
  }

  read(words: string): void {
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.lang = this.language;
    speechSynthesis.speak(utterance);
  }

  stop(): void {
    if (canReadAloud()) speechSynthesis.cancel();
  }
}

/** deep-chat's setting for a microphone. */
export function speechToText(language: string): object | undefined {
  const isThere = "SpeechRecognition" in window || "webkitSpeechRecognition" in window;
  return isThere ? { webSpeech: { language }, button: { position: "inside-end" } } : undefined;
}
