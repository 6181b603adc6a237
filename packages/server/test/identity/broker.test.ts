import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { createGuard } from "@latchkey/guard";
import { type BrowserPage, HttpBrowser } from "@latchkey/testkit/http-browser";
import { OAuthProgram } from "@latchkey/testkit/oauth-program";
import { Place } from "@latchkey/testkit/server/server-process";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { claimsOf, send } from "../api/api-case.ts";
import { blockClientIn, storeBeside } from "../api/oauth-world.ts";
import { FakeRealm, json, paths, refused } from "./fake-realm.ts";

const allow = { decision: "allow" };
const resource = "http://127.0.0.1:9/mcp";

let realm: FakeRealm;
let server: TestServer;
let program: OAuthProgram;
let browser: HttpBrowser;

beforeEach(async () => {
  realm = await FakeRealm.start();
  server = await testServer({ ...realm.settings, OAUTH: "on" });
  program = await OAuthProgram.register(server.url);
  browser = new HttpBrowser(program.callback);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await realm[Symbol.asyncDispose]();
});

/** Opens an authorization request and allows it. The realm signs the person in without asking. */
async function signIn(at: HttpBrowser = browser, request = program.request()): Promise<BrowserPage> {
  return at.submit(await at.open(request), allow);
}

/** Allows a request in a browser that stops before the callback. @returns the address of the realm's answer */
async function realmAnswer(): Promise<{ readonly answer: string; readonly browser: HttpBrowser }> {
  const stopping = new HttpBrowser(`${server.url}/oauth/callback`);
  const { address } = await signIn(stopping);
  return { answer: address, browser: stopping };
}

/** Opens an address in the browser that began the sign-in. */
function openWith(cookies: HttpBrowser, address: string): Promise<BrowserPage> {
  const same = new HttpBrowser(program.callback);
  for (const [name, value] of cookies.cookies()) same.cookies().set(name, value);
  return same.open(address);
}

async function tokens() {
  const { address } = await signIn();
  return await program.redeem(address);
}

const eventNames = () => server.newEvents().map(({ name }) => name);

describe("a sign-in at the realm", () => {
  test("shows the request without a password field, and leads to the realm", async () => {
    const page = await browser.open(program.request({ login_hint: "alice" }));
    expect(page.text).toMatch(/Continue to <bdi>fake<\/bdi>/);
    expect(page.text).toContain("127.0.0.1");
    expect(page.text).not.toContain('type="password"');
    const stopping = new HttpBrowser(realm.url);
    const sent = new URL((await signIn(stopping, program.request({ login_hint: "alice" }))).address);
    expect(sent.pathname).toBe(paths.auth);
    expect(Object.fromEntries(sent.searchParams)).toEqual({
      response_type: "code",
      client_id: "latchkey",
      redirect_uri: `${server.url}/oauth/callback`,
      scope: "openid profile email",
      state: expect.stringMatching(/^[\w-]{12}\.[\w-]+$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
      login_hint: "alice",
    });
    expect(sent.href).not.toContain(program.clientId);
  });

  test("gives the client Latchkey's own tokens, for its resource alone", async () => {
    const { address } = await signIn();
    expect(new URL(address).searchParams.get("state")).toBe("the client's state");
    expect(new URL(address).searchParams.get("iss")).toBe(server.url);
    const { status, access, refresh } = await program.redeem(address);
    expect(status).toBe(200);
    expect(claimsOf(access)).toMatchObject({
      iss: server.url,
      aud: resource,
      sub: "alice-id",
      client_id: program.clientId,
      preferred_username: "alice",
      roles: ["user"],
    });
    expect(refresh).toMatch(/^lkr_/);
    expect(server.newEvents()).toMatchObject([
      { name: "authorization.granted", client: program.clientId, resource },
      { name: "authorization.redeemed", client: program.clientId, resource },
    ]);
  });

  test("gives tokens that a guard of the resource accepts", async () => {
    const { access } = await tokens();
    await using guard = createGuard({ issuer: server.url, audience: resource });
    expect(await guard.verify(access)).toMatchObject({ userId: "alice-id", roles: ["user"] });
  });

  test("leaves no token, code or cookie in log and database", async () => {
    const { address, visited } = await signIn();
    const { access, refresh } = await program.redeem(address);
    const { readFileSync } = await import("node:fs");
    const stored = [readFileSync(server.database), readFileSync(`${server.database}-wal`)].join();
    const callback = new URL(visited.find((one) => one.startsWith(`${server.url}/oauth/callback`)) ?? "");
    const secrets = [
      new URL(address).searchParams.get("code"),
      callback.searchParams.get("code"),
      callback.searchParams.get("state"),
      access,
      refresh,
      ...realm.refreshTokens,
    ];
    for (const secret of secrets) {
      expect(secret).toMatch(/.{20}/);
      expect(JSON.stringify(server.logged())).not.toContain(secret);
      expect(stored).not.toContain(secret);
    }
  });
});

describe("the callback refuses", () => {
  const refusal = async (page: Promise<BrowserPage>) => {
    const { status, text, address } = await page;
    expect(address).toContain(`${server.url}/oauth/callback`);
    expect(text).toContain("This sign-in is no longer valid");
    expect(text).not.toContain("http-equiv");
    expect(eventNames()).toEqual([]);
    return status;
  };

  test("an answer without the browser's cookie", async () => {
    const { answer } = await realmAnswer();
    expect(await refusal(new HttpBrowser(program.callback).open(answer))).toBe(400);
    expect(realm.asked.filter((path) => path === paths.token)).toHaveLength(1);
  });

  test("an answer in a browser with the cookie of another sign-in", async () => {
    const { answer } = await realmAnswer();
    const other = await realmAnswer();
    expect(await refusal(openWith(other.browser, answer))).toBe(400);
    const [[name] = ["", ""]] = [...(await realmAnswer()).browser.cookies()];
    const [[, value] = ["", ""]] = [...other.browser.cookies()];
    const mixed = new HttpBrowser(program.callback);
    mixed.cookies().set(name, value);
    expect(await refusal(mixed.open(answer))).toBe(400);
  });

  test.each<[string, (answer: URL) => void]>([
    ["another issuer's", (answer) => answer.searchParams.set("iss", "https://evil.example/realms/fake")],
    ["an answer without an issuer", (answer) => answer.searchParams.delete("iss")],
    ["an answer without a state", (answer) => answer.searchParams.delete("state")],
    ["an answer with two states", (answer) => answer.searchParams.append("state", "another")],
    ["an answer without code and error", (answer) => answer.searchParams.delete("code")],
    ["a code that the realm did not issue", (answer) => answer.searchParams.set("code", "made up")],
    [
      "a changed state",
      ({ searchParams }) =>
        searchParams.set(
          "state",
          (searchParams.get("state") ?? "").replace(/.$/, (last) => (last === "A" ? "Q" : "A")),
        ),
    ],
  ])("%s", async (_name, change) => {
    const { answer, browser: same } = await realmAnswer();
    const changed = new URL(answer);
    change(changed);
    expect(await refusal(openWith(same, changed.href))).toBe(400);
  });

  test("the code of another sign-in, which has another verifier", async () => {
    const victim = await realmAnswer();
    const attacker = await realmAnswer();
    const injected = new URL(victim.answer);
    injected.searchParams.set("code", new URL(attacker.answer).searchParams.get("code") ?? "");
    expect(await refusal(openWith(victim.browser, injected.href))).toBe(400);
  });

  test("an ID token with the nonce of another sign-in", async () => {
    const { answer, browser: same } = await realmAnswer();
    realm.answers.set(paths.token, async (...exchange) =>
      json(await realm.tokens("another nonce"))(...exchange),
    );
    expect(await refusal(openWith(same, answer))).toBe(400);
  });

  test("an answer that was accepted before, without asking the realm again", async () => {
    const { answer, browser: same } = await realmAnswer();
    expect((await openWith(same, answer)).address).toContain(program.callback);
    const asked = realm.asked.length;
    server.newEvents();
    expect(await refusal(openWith(same, answer))).toBe(400);
    expect(realm.asked).toHaveLength(asked);
  });

  test("an answer after half an hour", async () => {
    const { answer, browser: same } = await realmAnswer();
    server.advance(30 * 60_000);
    expect(await refusal(openWith(same, answer))).toBe(400);
  });

  test("HEAD, which finishes no sign-in", async () => {
    const { answer } = await realmAnswer();
    expect((await fetch(answer, { method: "HEAD" })).status).toBe(405);
  });
});

test("the browser loses the cookie with the answer", async () => {
  await signIn();
  expect([...browser.cookies()]).toEqual([]);
});

test("two loads of the callback at once give one code", async () => {
  const { answer, browser: same } = await realmAnswer();
  const pages = await Promise.all([openWith(same, answer), openWith(same, answer)]);
  const codes = pages.map(({ address }) => new URL(address).searchParams.get("code"));
  expect(codes[0]).toMatch(/^lka_/);
  expect(codes[1]).toBe(codes[0]);
  expect(eventNames()).toEqual(["authorization.granted"]);
});

test("two sign-ins of one browser at once both succeed", async () => {
  const stopping = new HttpBrowser(`${server.url}/oauth/callback`);
  const [first, second] = [await signIn(stopping), await signIn(stopping)];
  for (const { address } of [first, second])
    expect((await openWith(stopping, address)).address).toMatch(/[?&]code=lka_/);
});

test("a browser keeps the cookies of its last sixteen sign-ins", async () => {
  const stopping = new HttpBrowser(`${server.url}/oauth/callback`);
  stopping.cookies().set("another", "cookie");
  const first = await signIn(stopping);
  const second = await signIn(stopping);
  for (let more = 0; more < 15; more++) await signIn(stopping);
  expect(stopping.cookies().size).toBe(1 + 16);
  expect((await openWith(stopping, first.address)).status).toBe(400);
  expect((await openWith(stopping, second.address)).address).toMatch(/[?&]code=lka_/);
});

test("another replica finishes a sign-in", async () => {
  const { answer, browser: same } = await realmAnswer();
  await using other = await testServer({
    ...realm.settings,
    OAUTH: "on",
    ISSUER: server.url,
    DATABASE: server.database,
  });
  const { address } = await openWith(same, answer.replace(server.url, other.url));
  expect((await program.redeem(address)).status).toBe(200);
});

describe("an error of the realm", () => {
  test.each([
    ["access_denied", "access_denied", ["authorization.denied"]],
    ["server_error", "temporarily_unavailable", []],
    ["temporarily_unavailable", "temporarily_unavailable", []],
    ["<script>", "temporarily_unavailable", []],
  ] as const)("%s reaches the client as %s", async (sent, received, events) => {
    const { answer, browser: same } = await realmAnswer();
    const error = new URL(answer);
    error.searchParams.delete("code");
    error.searchParams.set("error", sent);
    const { searchParams } = new URL((await openWith(same, error.href)).address);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      error: received,
      state: "the client's state",
      iss: server.url,
    });
    expect(searchParams.has("code")).toBe(false);
    expect(eventNames()).toEqual(events);
  });

  test("before it was reached: the page again, and a second attempt succeeds", async () => {
    realm.answers.set(paths.discovery, json({}, 503));
    await using late = await testServer({ ...realm.settings, OAUTH: "on" });
    const other = await OAuthProgram.register(late.url);
    const page = await signIn(browser, other.request());
    expect([page.status, page.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(page.text).toMatch(/role="alert".*Continue to/s);
    expect(page.headers.getSetCookie()).toEqual([]);
    realm.answers.delete(paths.discovery);
    const { address } = await browser.submit(page, allow);
    expect((await other.redeem(address)).status).toBe(200);
  });

  test("in the exchange of its code: the page again, and a second attempt succeeds", async () => {
    const { answer, browser: same } = await realmAnswer();
    realm.answers.set(paths.token, json({}, 503));
    const page = await openWith(same, answer);
    expect(page.status).toBe(503);
    expect(page.headers.get("retry-after")).toBe("1");
    expect(page.text).toContain("Continue to");
    realm.answers.delete(paths.token);
    const { address } = await browser.submit(page, allow);
    expect((await program.redeem(address)).status).toBe(200);
  });
});

describe("a client", () => {
  const timesRedeemed = () => realm.asked.filter((path) => path === paths.token).length;

  test("that is blocked during the exchange of the realm's code is unknown", async () => {
    const { answer, browser: same } = await realmAnswer();
    await using store = await storeBeside(server);
    realm.meanwhile.set(paths.token, () => blockClientIn(store, server, program.clientId));
    const page = await openWith(same, answer);
    expect(page.status).toBe(400);
    expect(page.text).toContain("This application is not known here");
    expect(eventNames()).toEqual(["client.blocked"]);
  });

  test("with sessions that are still being ended gets the page again, and the realm keeps its code", async () => {
    const { answer, browser: same } = await realmAnswer();
    await server.server.backgroundJobs.stop();
    using database = new DatabaseSync(server.database, { timeout: 5_000 });
    database.prepare("insert into client_endings values (?, 0)").run(program.clientId);
    const before = timesRedeemed();
    const page = await openWith(same, answer);
    expect([page.status, page.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(page.text).toMatch(/role="alert".*Continue to/s);
    expect(timesRedeemed()).toBe(before);
    expect(eventNames()).toEqual([]);
    database.exec("delete from client_endings");
    const { address } = await browser.submit(page, allow);
    expect((await program.redeem(address)).status).toBe(200);
  });
});

test("a person who refuses on the page never reaches the realm", async () => {
  const asked = realm.asked.length;
  const page = await browser.open(program.request());
  const form = page.text.slice(page.text.lastIndexOf("<form"));
  const { address } = await browser.submit({ ...page, text: form }, { decision: "deny" });
  expect(new URL(address).searchParams.get("error")).toBe("access_denied");
  expect(realm.asked).toHaveLength(asked);
});

test("a form of another site begins no sign-in", async () => {
  const answer = await fetch(program.request(), {
    method: "POST",
    headers: { origin: "https://evil.example", "content-type": "application/x-www-form-urlencoded" },
    body: "decision=allow",
  });
  expect(answer.status).toBe(403);
  expect(answer.headers.getSetCookie()).toEqual([]);
});

test("a request that is too long for the realm goes back to the client", async () => {
  const noise = (bytes: number) => randomBytes(bytes).toString("base64url");
  const page = await signIn(browser, program.request({ state: noise(1_500), scope: noise(1_500) }));
  expect(new URL(page.address).searchParams.get("error")).toBe("invalid_request");
});

test("a realm that takes no passwords is enough, and is sent none", async () => {
  realm.takesPasswords = false;
  await using strict = await testServer({ ...realm.settings, OAUTH: "on" });
  const asked = realm.asked.length;
  for (let time = 0; time < 10; time++) {
    const login = { username: "alice", password: "hunter2 of alice" };
    const request = { method: "POST", path: "/login", body: login } as const;
    const { status, body } = await send(strict, "/auth", request);
    expect([status, body["code"]]).toEqual([403, "password_login_off"]);
  }
  expect(realm.asked).toHaveLength(asked);
  const other = await OAuthProgram.register(strict.url);
  const { refresh } = await other.redeem((await signIn(browser, other.request())).address);
  expect((await other.refresh(refresh)).status).toBe(200);
});

describe("a refresh", () => {
  test("asks the realm, and brings today's roles", async () => {
    const { refresh } = await tokens();
    realm.person.roles = ["user", "premium"];
    const next = await program.refresh(refresh);
    expect(claimsOf(next.access)["roles"]).toEqual(["user", "premium"]);
    expect((await program.refresh(next.refresh)).status).toBe(200);
  });

  test("that the realm refuses ends the session at once", async () => {
    const { access, refresh } = await tokens();
    await using guard = createGuard({ issuer: server.url, audience: resource });
    await guard.verify(access);
    server.newEvents();
    realm.answers.set(paths.token, refused("User disabled"));
    expect(await program.refresh(refresh)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect(server.newEvents()).toMatchObject([
      { name: "session.ended", reason: "realm", subject: "alice-id" },
    ]);
    const code = () => guard.verify(access).catch((error: { code?: unknown }) => error.code);
    await until("the guard refuses", async () => (await code()) === "token_revoked");
    realm.answers.delete(paths.token);
    expect(await program.refresh(refresh)).toMatchObject({ status: 400, error: "invalid_grant" });
  });

  test.each([
    ["answers 503", json({}, 503)],
    ["does not answer", () => {}],
    [
      "rejects Latchkey's client",
      json({ error: "unauthorized_client", error_description: "Invalid client" }, 401),
    ],
  ])("waits while the realm %s", async (_how, answer) => {
    const { refresh } = await tokens();
    server.newEvents();
    realm.answers.set(paths.token, answer);
    expect(await program.refresh(refresh)).toMatchObject({ status: 503, error: "temporarily_unavailable" });
    expect(eventNames()).toEqual([]);
    realm.answers.delete(paths.token);
    await until("the realm is asked again", async () => (await program.refresh(refresh)).status === 200);
  });

  test("that is repeated at once by twenty callers asks the realm for one token", async () => {
    const { refresh } = await tokens();
    const answers = await Promise.all(Array.from({ length: 20 }, () => program.refresh(refresh)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => answer.refresh)).size).toBe(1);
    expect(realm.refreshTokens.size).toBe(1);
  });

  describe("by a replayed token", () => {
    /** A token that is used, and outside of the grace. */
    const replayed = async () => {
      const { refresh } = await tokens();
      const next = await program.refresh(refresh);
      server.advance(61_000);
      server.newEvents();
      return { refresh, next };
    };

    test("asks nothing of the realm, and ends the session", async () => {
      const { refresh, next } = await replayed();
      const asked = realm.asked.filter((path) => path === paths.token).length;
      expect(await program.refresh(refresh)).toMatchObject({ status: 400, error: "invalid_grant" });
      expect(realm.asked.filter((path) => path === paths.token)).toHaveLength(asked);
      expect(eventNames()).toEqual(["refresh.replayed", "session.ended"]);
      expect(await program.refresh(next.refresh)).toMatchObject({ status: 400, error: "invalid_grant" });
    });

    test("ends the session while the realm is away", async () => {
      const { refresh, next } = await replayed();
      realm.answers.set(paths.token, json({}, 503));
      expect(await program.refresh(refresh)).toMatchObject({ status: 400, error: "invalid_grant" });
      expect(eventNames()).toEqual(["refresh.replayed", "session.ended"]);
      realm.answers.delete(paths.token);
      expect(await program.refresh(next.refresh)).toMatchObject({ status: 400, error: "invalid_grant" });
    });
  });

  test("on two replicas at once keeps the realm's session", async () => {
    const { refresh } = await tokens();
    await using other = await testServer({
      ...realm.settings,
      OAUTH: "on",
      ISSUER: server.url,
      DATABASE: server.database,
    });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => program.refresh(refresh, at % 2 === 0 ? server.url : other.url)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map((answer) => answer.refresh)).size).toBe(1);
  });

  test("by /auth/refresh is refused, and the realm's own token at /oauth/token", async () => {
    const { refresh } = await tokens();
    const [realms = ""] = realm.refreshTokens;
    const answer = await fetch(`${server.url}/auth/refresh`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ refresh_token: refresh }),
    });
    expect(answer.status).toBe(401);
    expect(await program.refresh(realms)).toMatchObject({ status: 400, error: "invalid_grant" });
  });
});

test("an operator lists and ends sessions of people of the realm", async () => {
  const { refresh } = await tokens();
  const place = new Place();
  const settings = Object.entries({
    ...realm.settings,
    OAUTH: "on",
    ISSUER: server.url,
    DATABASE: server.database,
  });
  const env = Object.fromEntries(settings.map(([name, value]) => [`LATCHKEY_${name}`, value]));
  const listed = await place.latchkey(["session", "list", "--json"], { env });
  const [session] = JSON.parse(`[${listed.stdout.trim().split("\n").join(",")}]`).flat();
  expect(session).toMatchObject({ user_id: "alice-id" });
  const ended = await place.latchkey(["session", "end", session.id], { env });
  expect(ended).toMatchObject({ status: 0, stdout: "ended the session of alice-id\n" });
  expect(await program.refresh(refresh)).toMatchObject({ status: 400, error: "invalid_grant" });
});

describe("metadata", () => {
  const read = async (at: string, path: string) => (await fetch(`${at}${path}`)).json();
  const issuer = () => ({ issuer: `${realm.url}/realms/fake`, jwks_uri: `${realm.url}${paths.keys}` });

  test("names Latchkey, and the realm at /realm", async () => {
    const own = { issuer: server.url, jwks_uri: `${server.url}/.well-known/jwks.json` };
    expect(await read(server.url, "/.well-known/oauth-authorization-server")).toMatchObject(own);
    expect(await read(server.url, "/.well-known/openid-configuration")).toMatchObject(own);
    expect(await read(server.url, "/.well-known/jwks.json")).toMatchObject({ keys: [{}, {}] });
    const feed = `${server.url}/revocations`;
    expect(await read(server.url, "/realm/.well-known/openid-configuration")).toMatchObject({
      ...issuer(),
      latchkey_revocations_endpoint: feed,
    });
  });

  test("names the realm everywhere while OAuth is off", async () => {
    await using off = await testServer(realm.settings);
    expect(await read(off.url, "/.well-known/openid-configuration")).toMatchObject(issuer());
    expect(await read(off.url, "/realm/.well-known/openid-configuration")).toMatchObject(issuer());
    expect((await fetch(`${off.url}/oauth/callback?state=x`)).status).toBe(404);
  });
});

describe("the end of a session", () => {
  const ends = () => realm.asked.filter((path) => path === paths.logout).length;
  const count = (rows: string) => {
    using database = new DatabaseSync(server.database, { timeout: 5_000 });
    return database
      .prepare(`select count(*) as count from ${rows} and sealed_realm_tokens is not null`)
      .get()?.["count"];
  };
  /** Ended sessions that still hold tokens of the realm. */
  const pending = () => count("sessions where ended_at is not null");
  const codesWithTokens = () => count("authorizations where true");

  test("ends the realm's session as well", async () => {
    const { refresh } = await tokens();
    expect(await program.revoke(refresh)).toBe(200);
    await until("the realm is notified", async () => ends() === 1, 5_000);
    expect(await program.refresh(refresh)).toMatchObject({ status: 400, error: "invalid_grant" });
  });

  test("leaves the realm's session to another client that uses it", async () => {
    const first = await tokens();
    const second = await tokens();
    await program.revoke(first.refresh);
    await until("the end of the first is settled", async () => pending() === 0, 5_000);
    expect(ends()).toBe(0);
    expect((await program.refresh(second.refresh)).status).toBe(200);
    await program.revoke(second.refresh);
    await until("the realm is notified", async () => ends() === 1, 5_000);
  });

  test("waits for a code that nobody redeems", async () => {
    const { refresh } = await tokens();
    await signIn();
    await program.revoke(refresh);
    server.advance(3 * 60_000);
    await until("the realm is notified", async () => ends() === 1, 5_000);
    await until("no tokens are left", async () => pending() === 0 && codesWithTokens() === 0, 5_000);
  });

  test("reaches the realm later, if it is away", async () => {
    const { refresh } = await tokens();
    realm.answers.set(paths.logout, json({}, 503));
    await program.revoke(refresh);
    await until("the realm was asked", async () => ends() > 0, 5_000);
    realm.answers.delete(paths.logout);
    const before = ends();
    await until("the realm is asked again", async () => ends() > before, 5_000);
  });
});
