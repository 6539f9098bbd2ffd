// The widget's own words. What the assistant says comes from the assistant.

const english = {
  open: "Chat with us",
  close: "Close chat",
  menu: "Chat menu",
  chat: "Chat",
  log: "Messages",
  greeting: "Hello! How can I help?",
  placeholder: "Type a message",
  send: "Send message",
  photo: "Send a photo",
  speak: "Speak your message",
  person: "Talk to a person",
  restart: "Start over",
  transcript: "Download transcript",
  readAloud: "Read answers aloud",
  up: "Good answer",
  down: "Bad answer",
  offline: "You're offline. Messages are sent when you're back.",
  connecting: "Connecting again …",
  photoSent: "Photo: {name}",
  newWindow: "opens in a new window",
  cards: "Products",
  too_fast: "You're writing faster than I can read. I'll go on in {wait} s.",
  too_large: "That is too large. I can take photos of up to {megabytes} MB.",
  too_long: "That is more than I can read at once. Please tell me the main point in up to {limit} characters.",
  empty: "There was nothing in that message. What can I do for you?",
  unavailable: "I'm sorry, something went wrong on our side and I can't answer just now. Please try again in a moment.",
  set_aside:
    "I'm sorry, something in your last message keeps going wrong on our side, so I have set it aside. Please say it in other words.",
  not_a_picture: "I can only take photos: JPEG, PNG, GIF or WebP.",
  picture_too_large: "That photo has too many pixels. Please send a smaller one.",
  upload_failed: "The photo could not be sent. Please try again.",
  uploads_busy: "Many photos are being sent just now. Please send yours again in {wait} s.",
  failed: "That message could not be sent.",
  too_many_visitors: "The chat is very busy. Please try again in a minute.",
  too_many_tabs: "This chat is open in many windows. Close one to go on here.",
};

export type Texts = typeof english;

const german: Texts = {
  open: "Mit uns chatten",
  close: "Chat schließen",
  menu: "Chat-Menü",
  chat: "Chat",
  log: "Nachrichten",
  greeting: "Hallo! Wie kann ich helfen?",
  placeholder: "Nachricht schreiben",
  send: "Nachricht senden",
  photo: "Foto senden",
  speak: "Nachricht sprechen",
  person: "Mit einem Menschen sprechen",
  restart: "Von vorn beginnen",
  transcript: "Verlauf herunterladen",
  readAloud: "Antworten vorlesen",
  up: "Gute Antwort",
  down: "Schlechte Antwort",
  offline: "Sie sind offline. Nachrichten werden gesendet, sobald Sie wieder verbunden sind.",
  connecting: "Verbindung wird wiederhergestellt …",
  photoSent: "Foto: {name}",
  newWindow: "öffnet ein neues Fenster",
  cards: "Produkte",
  too_fast: "Sie schreiben schneller, als ich lesen kann. In {wait} s geht es weiter.",
  too_large: "Das ist zu groß. Fotos dürfen bis zu {megabytes} MB haben.",
  too_long:
    "Das ist mehr, als ich auf einmal lesen kann. Bitte nennen Sie das Wichtigste in höchstens {limit} Zeichen.",
  empty: "Diese Nachricht war leer. Was kann ich für Sie tun?",
  unavailable:
    "Es tut mir leid, bei uns ist etwas schiefgegangen und ich kann gerade nicht antworten. Bitte versuchen Sie es gleich noch einmal.",
  set_aside:
    "Es tut mir leid, bei Ihrer letzten Nachricht geht bei uns immer wieder etwas schief, deshalb habe ich sie beiseitegelegt. Bitte sagen Sie es mit anderen Worten.",
  not_a_picture: "Ich kann nur Fotos annehmen: JPEG, PNG, GIF oder WebP.",
  picture_too_large: "Dieses Foto hat zu viele Bildpunkte. Bitte senden Sie ein kleineres.",
  upload_failed: "Das Foto konnte nicht gesendet werden. Bitte versuchen Sie es noch einmal.",
  uploads_busy: "Gerade werden viele Fotos gesendet. Bitte senden Sie Ihres in {wait} s noch einmal.",
  failed: "Diese Nachricht konnte nicht gesendet werden.",
  too_many_visitors: "Der Chat ist gerade sehr gefragt. Bitte versuchen Sie es in einer Minute noch einmal.",
  too_many_tabs: "Dieser Chat ist in vielen Fenstern offen. Schließen Sie eines, um hier fortzufahren.",
};

const languages: Record<string, Texts> = { en: english, de: german };

/** The words for a language tag such as `de-AT`; English where there are none. */
export function textsFor(language: string): Texts {
  return languages[language.toLowerCase().split("-")[0]] ?? english;
}

/** A text with its blanks filled. */
export function fill(text: string, blanks: Record<string, unknown>): string {
  return text.replace(/\{(\w+)\}/g, (blank, name: string) => (name in blanks ? String(blanks[name]) : blank));
}
