import { createGuard } from "@latchkey/guard";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bearer, check, claimsOf, send, signIn } from "./api-case.ts";
import { answerOf, followFeed } from "./feed-reader.ts";

const key = "a-guard-key-of-more-than-32-characters";
const other = "another-guard-key-of-32-characters-or-so";
let server: TestServer;
let started: number | undefined;

/** A test reuses the previous server if no session has ended there and its clock has not moved. */
beforeEach(async () => {
  if (started !== undefined) {
    const unused = started === server.now() && (await send(server, "", list)).body["cursor"] === 0;
    if (unused) return;
    await server[Symbol.asyncDispose]();
  }
  server = await testServer();
  started = server.now();
});
afterAll(() => server[Symbol.asyncDispose]());

const list = { method: "GET", path: "/revocations" } as const;

/** Signs alice in and out again. @returns the id of the ended session and the expiry of its token */
async function endOne(on = server) {
  const { access } = await signIn(on);
  const { sid, exp } = claimsOf(access);
  const { status } = await send(on, "/auth", { method: "POST", path: "/logout", headers: bearer(access) });
  expect(status).toBe(200);
  return { access, sessionId: String(sid), until: Number(exp) * 1000 };
}

test.each([
  "text/event-stream",
  "Text/Event-Stream",
  "text/event-stream, */*;q=0.1",
  "application/json;q=0.9, text/*",
])("a client that prefers a stream gets one: %s", async (accept) => {
  using feed = await followFeed(server, { accept });
  expect(feed.headers["content-type"]).toMatch(/^text\/event-stream/);
});

describe("the list as pages of JSON", () => {
  const get = (path: string) => ({ method: "GET", path }) as const;

  test("is empty before the first ended session", async () => {
    const nothing = { revocations: [], cursor: 0, more: false };
    await check(server, "", get("/revocations"), { status: 200, exactly: nothing });
  });

  test.each([
    ["no Accept header", ""],
    ["JSON", "application/json"],
    ["anything", "*/*"],
    ["JSON or a stream", "application/json, text/event-stream"],
    ["a stream or JSON", "text/event-stream, application/json"],
    ["a stream less than JSON", "text/event-stream;q=0.5, application/json"],
    ["a stream less than anything", "text/event-stream; q=0.1, */*; q=0.2"],
    ["a stream not at all", "text/event-stream;q=0"],
    ["neither", "text/html"],
    ["a quality that is no number", "text/event-stream;q=high"],
  ])("is sent to a client that accepts %s", async (_, accept) => {
    const headers = accept === "" ? {} : { accept };
    const { headers: answered } = await send(server, "", { method: "GET", path: "/revocations", headers });
    expect(answered.get("content-type")).toMatch(/^application\/json/);
  });

  test("has an ended session with number and time, without its user", async () => {
    const { sessionId, until } = await endOne();
    const exactly = { revocations: [{ number: 1, sessionId, until }], cursor: 1, more: false };
    await check(server, "", get("/revocations"), { status: 200, exactly });
  });

  test("has the sessions that ended after a number", async () => {
    await endOne();
    const second = await endOne();
    const { body } = await send(server, "", get("/revocations?after=1"));
    expect(body).toEqual({ revocations: [numbered(2, second)], cursor: 2, more: false });
    const nothing = { revocations: [], cursor: 2, more: false };
    expect((await send(server, "", get("/revocations?after=2"))).body).toEqual(nothing);
  });

  test("is sent as a whole for a number beyond it", async () => {
    const first = await endOne();
    const { body } = await send(server, "", get("/revocations?after=57"));
    expect(body).toEqual({ revocations: [numbered(1, first)], cursor: 1, more: false });
  });

  test("has at most a thousand sessions on a page", async () => {
    await server.endSessions(2_500);
    const sizes: number[] = [];
    for (let cursor = 0, more = true; more; ) {
      const { body } = await send(server, "", get(`/revocations?after=${cursor}`));
      const page = body as { revocations: { number: number }[]; cursor: number; more: boolean };
      expect(page.revocations[0]?.number).toBe(cursor + 1);
      sizes.push(page.revocations.length);
      ({ cursor, more } = page);
    }
    expect(sizes).toEqual([1_000, 1_000, 500]);
  });

  test.each(["x", "-1", "1.5", "", "1e3", "9".repeat(16), "1&after=2"])("refuses after=%s", async (after) => {
    const expected = {
      status: 422,
      code: "validation_error",
      body: { detail: [{ loc: ["query", "after"] }] },
    };
    await check(server, "", get(`/revocations?after=${after}`), expected);
  });

  test.each(["POST", "PUT", "DELETE", "HEAD"] as const)("refuses %s", async (method) => {
    const code = method === "HEAD" ? undefined : "method_not_allowed";
    await check(server, "", { method, path: "/revocations" }, { status: 405, ...(code && { code }) });
  });
});

describe("the state of one session", () => {
  test("tells whether it has ended", async () => {
    const { sessionId } = await endOne();
    const state = (id: string) => send(server, "", { method: "GET", path: `/revocations/${id}` });
    expect((await state(sessionId)).body).toEqual({ sessionId, ended: true });
    expect((await state("never-was")).body).toEqual({ sessionId: "never-was", ended: false });
    expect((await state("%2e%2e%2fx")).body).toEqual({ sessionId: "../x", ended: false });
  });
});

describe("the list as a stream of events", () => {
  test("starts with every ended session and the cursor", async () => {
    const first = await endOne();
    using feed = await followFeed(server);
    expect(feed.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    expect(await feed.untilCursor()).toEqual([
      { id: "1", event: "session.ended", data: numbered(1, first) },
      { id: "1", event: "cursor", data: { cursor: 1 } },
    ]);
  });

  test("sends sessions that end while it is open", async () => {
    using feed = await followFeed(server);
    expect(await feed.untilCursor()).toEqual([{ id: "0", event: "cursor", data: { cursor: 0 } }]);
    const ended = await endOne();
    expect((await feed.untilCursor())[0]).toMatchObject({ data: numbered(1, ended) });
  });

  test("resumes after the last event that was seen", async () => {
    await endOne();
    const second = await endOne();
    using feed = await followFeed(server, { "last-event-id": "1" });
    expect((await feed.untilCursor()).map(({ data }) => data)).toEqual([numbered(2, second), { cursor: 2 }]);
    using atTheEnd = await followFeed(server, { "last-event-id": "2" });
    expect((await atTheEnd.untilCursor()).map(({ data }) => data)).toEqual([{ cursor: 2 }]);
  });

  test.each(["57", "x", "-1", " "])("starts from the beginning after an unknown id, %j", async (id) => {
    const first = await endOne();
    using feed = await followFeed(server, { "last-event-id": id });
    expect((await feed.untilCursor()).map(({ data }) => data)).toEqual([numbered(1, first), { cursor: 1 }]);
  });

  test("keeps the order for a guard that reads while sessions end", async () => {
    await server.endSessions(2_500);
    using feed = await followFeed(server);
    const ending = server.endSessions(500);
    const numbers: string[] = [];
    while (numbers.length < 3_000) {
      const event = await feed.next();
      if (event?.event === "session.ended") numbers.push(event.id);
    }
    await ending;
    expect(numbers).toEqual(Array.from({ length: 3_000 }, (_, index) => String(index + 1)));
  });

  test("sends a heartbeat at least every five seconds", async () => {
    using feed = await followFeed(server);
    await feed.untilCursor();
    expect(await feed.untilCursor()).toEqual([{ id: "0", event: "cursor", data: { cursor: 0 } }]);
  });

  test("closes at once when the server closes", async () => {
    const short = await testServer();
    using feed = await followFeed(short);
    await feed.untilCursor();
    const [, last] = await Promise.all([short[Symbol.asyncDispose](), feed.next()]);
    expect(last).toBeUndefined();
  });

  test("answers 503 beyond the limit of streams, and pages stay readable", async () => {
    const feeds = await Promise.all(Array.from({ length: 1_000 }, () => followFeed(server)));
    const late = await answerOf(server, "/revocations", { accept: "text/event-stream" });
    expect(late.statusCode).toBe(503);
    expect(late.headers["retry-after"]).toBe("5");
    late.resume();
    expect((await send(server, "", { method: "GET", path: "/revocations" })).status).toBe(200);
    for (const feed of feeds) feed[Symbol.dispose]();
  });
});

describe("access to the list", () => {
  let keyed: TestServer;
  let distant: TestServer;
  beforeAll(async () => {
    keyed = await testServer({ GUARD_KEYS: `${key}, ${other}` });
    distant = await testServer({ GUARD_KEYS: key, ISSUER: "https://login.example" });
  });
  afterAll(async () => {
    for (const one of [keyed, distant]) await one[Symbol.asyncDispose]();
  });
  const statusOf = async (on: TestServer, headers: Record<string, string>, path = "/revocations") => {
    const answer = await answerOf(on, path, headers);
    answer.resume();
    return answer.statusCode;
  };

  test.each(["/revocations", "/revocations/some-session"])(
    "%s admits this machine and any guard key",
    async (path) => {
      // A request from this machine to a server for this machine only.
      expect(await statusOf(server, {}, path)).toBe(200);
      expect(await statusOf(server, bearer("whatever"), path)).toBe(200);
      expect(await statusOf(keyed, {}, path)).toBe(200);
      // A presented key must be valid, also on this machine.
      expect(await statusOf(keyed, bearer(key), path)).toBe(200);
      expect(await statusOf(keyed, bearer(other), path)).toBe(200);
      expect(await statusOf(keyed, bearer(`${key}x`), path)).toBe(401);
      // A server with a public address may have a proxy in front of it.
      expect(await statusOf(distant, {}, path)).toBe(401);
      expect(await statusOf(distant, bearer(key), path)).toBe(200);
      expect(await statusOf(distant, { authorization: `Basic ${key}` }, path)).toBe(401);
      expect(await statusOf(distant, {}, `${path}?key=${key}`)).toBe(401);
    },
  );

  test.each([
    { "x-forwarded-for": "203.0.113.7" },
    { "x-real-ip": "203.0.113.7" },
    { forwarded: "for=203.0.113.7" },
    { "x-forwarded-proto": "https" },
    { "x-forwarded-host": "login.example" },
    { via: "1.1 proxy" },
    { host: "192.0.2.1:8000" },
    { origin: "https://page.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
  ])("a request through a proxy or page, %j, needs a key", async (headers) => {
    expect(await statusOf(server, headers)).toBe(401);
    expect(await statusOf(keyed, { ...headers, ...bearer(key) })).toBe(200);
  });

  test("a missing key gets invalid_guard_key, also for a stream", async () => {
    for (const accept of ["application/json", "text/event-stream"]) {
      const answer = await answerOf(distant, "/revocations", { accept });
      let body = "";
      for await (const chunk of answer.setEncoding("utf8")) body += chunk;
      expect(answer.statusCode).toBe(401);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
      expect(JSON.parse(body)).toMatchObject({ code: "invalid_guard_key" });
    }
  });

  test("an access token is refused", async () => {
    const { access } = await signIn(distant);
    expect(await statusOf(distant, bearer(access))).toBe(401);
  });

  test("the log has no key", async () => {
    await statusOf(distant, bearer(key));
    await statusOf(distant, bearer(`${key}-canary`));
    expect(JSON.stringify(distant.logged())).not.toContain(key);
  });
});

describe("a purge of the list", () => {
  test("drops a session a minute after its last token, for slow guard clocks", async () => {
    const { until } = await endOne();
    const left = async () => {
      await server.server.backgroundJobs.purge();
      return (await send(server, "", { method: "GET", path: "/revocations" })).body["revocations"];
    };
    server.advance(until - server.now() + 60_000);
    expect(await left()).toHaveLength(1);
    // The purge also waits for elapsed time. The token expired on a whole second, hence one second more.
    server.advance(1000);
    expect(await left()).toHaveLength(0);
    await using restarted = await testServer({ DATABASE: server.database });
    expect((await send(restarted, "", { method: "GET", path: "/revocations" })).body["revocations"]).toEqual(
      [],
    );
  });
});

describe("a guard in front of another service", () => {
  test("finds keys and the revocation list by the issuer's URL alone", async () => {
    await using guard = createGuard({ issuer: server.url, now: server.now });
    await guard.ready();
    expect(guard.health()).toMatchObject({ ok: true, keys: { state: "fresh", known: 2 } });
    expect(guard.health().revocations.state).toBe("following");
    const { access } = await signIn(server);
    expect(await guard.verify(access)).toMatchObject({ userId: "user:alice", roles: ["user", "premium"] });
  });

  test.each(["refuse", "ask", "accept"] as const)(
    "refuses ended sessions, whenStale: %s",
    async (whenStale) => {
      const heard = Promise.withResolvers<string>();
      const options = { issuer: server.url, now: server.now, whenStale };
      await using guard = createGuard({
        ...options,
        onEvent: (event) => void (event.name === "session.ended" && heard.resolve(event.sessionId)),
      });
      const { access } = await signIn(server);
      await guard.verify(access);
      await guard.ready();
      await send(server, "/auth", { method: "POST", path: "/logout", headers: bearer(access) });
      expect(await heard.promise).toBe(claimsOf(access)["sid"]);
      await expect(guard.verify(access)).rejects.toMatchObject({ code: "token_revoked" });
    },
  );

  test("needs a guard key if the server requires one", async () => {
    await using keyed = await testServer({ GUARD_KEYS: key });
    const refusals: unknown[] = [];
    const wrong = { issuer: keyed.url, now: keyed.now, guardKey: `${key}-wrong` };
    await using stranger = createGuard({ ...wrong, onEvent: (event) => void refusals.push(event) });
    await expect(stranger.ready()).rejects.toMatchObject({ code: "revocations_unavailable" });
    expect(refusals).toContainEqual({ name: "feed.refused", status: 401 });
    await using guard = createGuard({ issuer: keyed.url, now: keyed.now, guardKey: key });
    await guard.ready();
    expect(guard.health().revocations.state).toBe("following");
  });
});

function numbered(number: number, { sessionId, until }: { sessionId: string; until: number }) {
  return { number, sessionId, until };
}
