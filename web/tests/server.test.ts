import { beforeEach, expect, test } from "vitest";
import { Refused, Server } from "../src/server";
import { FakeServer, SERVER } from "./fake-server";

let fake: FakeServer;
let server: Server;

beforeEach(() => {
  localStorage.clear();
  fake = new FakeServer();
  server = new Server(SERVER, localStorage);
});

test("a first visitor carries no token, a known one the stored token, an open session its own", async () => {
  await server.openSession();
  expect(fake.last("session")!.headers.has("authorization")).toBe(false);

  server.storeToken("stored");
  await new Server(SERVER, localStorage).transcript();
  expect(fake.last("transcript")!.headers.get("authorization")).toBe("Bearer stored");

  server.session = { ...(await server.openSession()), token: "of the session" };
  await server.transcript();
  expect(fake.last("transcript")!.headers.get("authorization")).toBe("Bearer of the session");
});

test("two chats on one page have tokens of their own", () => {
  server.storeToken("stored");

  expect(new Server("https://other.example.com/chat", localStorage).storedToken).toBeNull();
});

test("whoever is signed in is named in every request, and nobody else", async () => {
  server.identityToken = "ada";
  await server.transcript();
  expect(fake.last("transcript")!.headers.get("x-identity-token")).toBe("ada");

  server.identityToken = "";
  await server.transcript();
  expect(fake.last("transcript")!.headers.has("x-identity-token")).toBe(false);
});

test("the name of a photo reaches the server in any script", async () => {
  const id = await server.upload(new File(["x"], "läßt 灯.jpg"));
  const name = Uint8Array.from(atob(fake.last("uploads")!.headers.get("x-file-name")!), (char) => char.charCodeAt(0));

  expect(id).toBe("photo-1");
  expect(new TextDecoder().decode(name)).toBe("läßt 灯.jpg");
});

test("a refusal says what the server said", async () => {
  fake.refuse("transcript", 429, { code: "too_fast", problem: "slower", wait: 7 });

  const refused = await server.transcript().catch((error) => error);
  expect(refused).toBeInstanceOf(Refused);
  expect(refused).toMatchObject({ status: 429, refusal: { code: "too_fast", problem: "slower", wait: 7 } });
});

test("a proxy's page of an error is a refusal, too", async () => {
  fake.refuse("transcript", 502, "<h1>Bad gateway</h1>");

  await expect(server.transcript()).rejects.toMatchObject({ status: 502, refusal: { code: "failed" } });
});
