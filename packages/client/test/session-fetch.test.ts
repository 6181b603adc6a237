import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { AuthClient, memoryStore } from "../src/index.ts";
import { alice, lifetime, type Seen, type World, world } from "./session-world.ts";
import { type TokenServer, tokenServer } from "./token-server.ts";

let place: World;
/** An API that accepts the server's tokens and records its requests. */
let api: TokenServer;
let asked: { bearer: string | undefined; body: object }[];
let notes: string;
beforeAll(async () => {
  place = await world();
  api = await tokenServer({
    "POST /notes": async ({ bearer, body }) => {
      asked.push({ bearer, body });
      const status = await place.statusOf(bearer ?? "");
      return status === 200 ? { status: 201, body } : { status, body: { detail: "Not you" } };
    },
    "POST /closed": ({ bearer, body }) => {
      asked.push({ bearer, body });
      return { status: 401, body: { detail: "Never" } };
    },
  });
  notes = `${api.url}/notes`;
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});
beforeEach(() => {
  asked = [];
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => void vi.useRealTimers());

const note = { text: "buy milk" };
const post = { method: "POST", body: JSON.stringify(note), headers: { "x-note": "1" } };

/** A client with a token that is expired by the clock of the server only. */
async function stale(): Promise<Seen & { readonly old: string }> {
  const seen = await place.signedIn();
  const old = await seen.auth.token();
  place.server.advance(lifetime + 1);
  return { ...seen, old };
}

test("adds the token and leaves the rest of the request unchanged", async () => {
  const { auth } = await place.signedIn();
  const response = await auth.fetch(notes, post);
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual(note);
  expect(asked).toEqual([{ bearer: await auth.token(), body: note }]);
});

test("accepts a string, a URL and a Request", async () => {
  const { auth } = await place.signedIn();
  const statuses = [
    auth.fetch(notes, post),
    auth.fetch(new URL(notes), post),
    auth.fetch(new Request(notes, post)),
  ];
  expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([201, 201, 201]);
});

test("works without a receiver", async () => {
  const { fetch } = (await place.signedIn()).auth;
  expect((await fetch(notes, post)).status).toBe(201);
});

test.each([
  ["a text", () => [notes, post] as const],
  ["bytes", () => [notes, { ...post, body: new TextEncoder().encode(post.body) }] as const],
  ["a Request", () => [new Request(notes, post)] as const],
])("a 401 is followed by a refresh and a retry with the same body: %s", async (_name, given) => {
  const { auth, tap, old } = await stale();
  const [input, init] = given();
  const response = await auth.fetch(input, init);
  expect(response.status).toBe(201);
  expect(asked).toEqual([
    { bearer: old, body: note },
    { bearer: await auth.token(), body: note },
  ]);
  expect(tap.times("/auth/refresh")).toBe(1);
});

test("concurrent 401s share one refresh", async () => {
  const { auth, tap } = await stale();
  const responses = await Promise.all(Array.from({ length: 10 }, () => auth.fetch(notes, post)));
  expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(201));
  expect(tap.times("/auth/refresh")).toBe(1);
});

test("an API that always refuses gets two requests", async () => {
  const { auth, tap } = await place.signedIn();
  const response = await auth.fetch(`${api.url}/closed`, post);
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ detail: "Never" });
  expect(asked).toHaveLength(2);
  expect(tap.times("/auth/refresh")).toBe(1);
});

test("the 401 is returned, with an unread body, if the session is over", async () => {
  const { auth, store } = await place.signedIn();
  await place.client({ token: await auth.token() }).auth.logout();
  const response = await auth.fetch(notes, post);
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ detail: "Not you" });
  expect(await store.get()).toBeUndefined();
});

test("the 401 is returned and the session stays if the server is down", async () => {
  const elsewhere = await world();
  const store = memoryStore();
  const { auth } = await elsewhere.signedIn({ store });
  await elsewhere[Symbol.asyncDispose]();
  const response = await auth.fetch(notes, post);
  expect(response.status).toBe(401);
  expect(await store.get()).toBeDefined();
});

test("the 401 is returned if the token belongs to no session", async () => {
  const { auth, tap } = place.client({ token: "of-another-place" });
  expect((await auth.fetch(notes, post)).status).toBe(401);
  expect(asked).toHaveLength(1);
  expect(tap.requests).toEqual([]);
});

test("without a token nothing is sent", async () => {
  const { auth } = place.client();
  await expect(auth.fetch(notes, post)).rejects.toMatchObject({ kind: "signed_out" });
  expect(asked).toEqual([]);
});

test("uses the custom fetch of the client", async () => {
  const urls: string[] = [];
  const auth = new AuthClient({
    baseURL: place.server.url,
    fetch: (request) => {
      urls.push(request.url);
      return fetch(request);
    },
  });
  await auth.login(alice);
  await auth.fetch(notes, post);
  expect(urls).toEqual([`${place.server.url}/auth/login`, notes]);
});

test("a token that is invalid in a header is rejected without being quoted", async () => {
  const { auth } = place.client({ token: "secret-\u{1f511}" });
  await expect(auth.fetch(notes, post)).rejects.toSatisfy((error) => !String(error).includes("secret"));
});
