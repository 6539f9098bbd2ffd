// What the server says. `routes.py`, `reading.py` and `rendering.py` are the other side.

export interface Button {
  title: string;
  payload?: string;
  url?: string;
}

export interface Card {
  title: string;
  subtitle?: string;
  price?: string;
  amount?: number;
  currency?: string;
  picture?: string;
  image?: string;
  buttons: Button[];
}

/** A numbered line of the conversation's log. */
export interface Entry {
  number: number;
  id: string;
  kind: "user" | "bot" | "notice" | "feedback" | "restart";
  at: number;
  text?: string;
  buttons?: Button[];
  cards?: Card[];
  image?: string;
  attachment?: { id: string; name: string; type: string; size: number };
  code?: string;
  limit?: number;
  answer?: string;
  rating?: "up" | "down";
}

export interface Session {
  token: string;
  fresh: boolean;
  message_length: number;
  upload_bytes: number;
  upload_types: string[];
}

/** Why the server turned a request down. */
export interface Refusal {
  code: string;
  problem: string;
  wait?: number;
}
