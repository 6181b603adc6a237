import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import {
  login,
  logout,
  me,
  refresh,
  signIn,
  type Tokens,
  tokensOf,
  trade,
} from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { beforeAll, expect, test } from "vitest";
import { brokenHttp, canaries, type Request, requests, sendRaw } from "./hostile-requests.ts";

const place = new Place();
/** All secrets that no output may contain: sent by strangers, or issued to users. */
const secrets = new Set<string>([...Object.values(canaries), adminPassword]);
const codes = new Set<unknown>();
let server: ServerProcess;

beforeAll(async () => {
  server = await place.server({
    env: {
      LATCHKEY_LOG_LEVEL: "debug",
      LATCHKEY_TRUSTED_PROXIES: "127.0.0.1",
      LATCHKEY_CORS_ORIGINS: "https://app.example",
      LATCHKEY_THROTTLE_PAIR: "40/1h",
      LATCHKEY_THROTTLE_ADDRESS: "100000/1h",
      LATCHKEY_HASH_CONCURRENCY: "1",
      LATCHKEY_HASH_QUEUE: "2",
    },
  });
  const visitor = ["user", "add", "visitor", "--email", "visitor@example.com"];
  await place.latchkey(visitor, { input: canaries.password });
});

test("no answer repeats the input", async () => {
  for (const request of requests) await tell(request);
  for (const bytes of brokenHttp) expectSilence(await sendRaw(server.url, bytes));
});

test("no answer repeats a real token, valid or used, in any place", async () => {
  const first = issued(await signIn(server.url, "admin", adminPassword));
  const second = issued(tokensOf(await refresh(server.url, first.refresh)));
  const third = issued(tokensOf(await refresh(server.url, second.refresh)));
  const traded = await trade(server.url, third.access);
  issued({ access: String(traded.body["access_token"]), refresh: third.refresh });
  await tellTokens(third);
  expect((await refresh(server.url, first.refresh)).body["code"]).toBe("token_revoked");
  await tellTokens(first);

  const left = issued(await signIn(server.url, "admin", adminPassword));
  expect((await logout(server.url, left.access)).status).toBe(200);
  await tellTokens(left);
});

test("no answer repeats a refused password", async () => {
  let flood = 0;
  await until("the hash queue is full", async () => {
    const name = `nobody ${flood++}`;
    const tries = Array.from({ length: 30 }, () => login(server.url, name, canaries.password));
    for (const { body, text } of await Promise.all(tries)) note(body["code"], text);
    return codes.has("overloaded");
  });
  for (let count = 0; count < 50; count++)
    note((await login(server.url, "admin", canaries.password)).body["code"]);
  const impatient = {
    method: "POST",
    body: JSON.stringify({ username: "admin", password: canaries.password }),
  };
  const headers = { "content-type": "application/json" };
  await fetch(`${server.url}/auth/login`, { ...impatient, headers, signal: AbortSignal.timeout(1) }).catch(
    () => {},
  );
});

test("no answer repeats the input if the database fails", async () => {
  const { access, refresh: refreshToken } = issued(await signIn(server.url, "visitor", canaries.password));
  const database = new DatabaseSync(place.database, { timeout: 5_000 });
  database.exec("alter table audit_events rename to audit_events_moved");
  for (const answer of [
    await refresh(server.url, refreshToken),
    await trade(server.url, access),
    await login(server.url, canaries.username, canaries.password),
    await logout(server.url, access),
  ]) {
    note(answer.body["code"], answer.text);
  }
  database.exec("update users set roles = 'no list'");
  await until("a request reads the malformed profile", async () => {
    const { status, body, text } = await me(server.url, access);
    note(body["code"], text);
    return status === 500;
  });
  database.close();
});

test("the answers included every kind of refusal", () => {
  expect([...codes]).toEqual(
    expect.arrayContaining([
      "bad_request",
      "invalid_credentials",
      "missing_token",
      "invalid_token",
      "token_revoked",
      "not_found",
      "method_not_allowed",
      "body_too_large",
      "uri_too_long",
      "validation_error",
      "rate_limited",
      "overloaded",
      "store_unavailable",
      "internal_error",
    ]),
  );
});

test("no secret is in the log or in any file", async () => {
  const files = readdirSync(place.directory).map((name) => [name, readFileSync(place.path(name))] as const);
  expect(files.map(([name]) => name)).toEqual(expect.arrayContaining(["latchkey.db", "latchkey.db-wal"]));
  await server.stop();
  expect(server.stdout()).toContain('"request refused"');
  expect(server.stdout()).toContain('"login.throttled"');

  const kept = [["log", Buffer.from(server.stdout() + server.stderr())] as const, ...files];
  // The search ignores case, because names are stored folded.
  const found = kept.flatMap(([where, bytes]) => {
    const text = bytes.toString("latin1").toLowerCase();
    const held = [...secrets].filter((secret) => text.includes(secret.toLowerCase()));
    return held.map((secret) => `${where} holds ${secret}`);
  });
  expect(found).toEqual([]);
  expect(secrets.size).toBeGreaterThan(20);
});

async function tell({ method, path, headers, body }: Request): Promise<void> {
  const init = {
    method,
    ...(headers && { headers }),
    ...(body !== undefined && method !== "GET" && { body }),
  };
  const response = await fetch(`${server.url}${path}`, init);
  const text = await response.text();
  expectSilence(`${[...response.headers].join("\n")}\n${text}`);
  note(/"code":"(\w+)"/.exec(text)?.[1]);
}

/** Sends tokens in the wrong places. */
async function tellTokens({ access, refresh: refreshToken }: Tokens): Promise<void> {
  for (const token of [access, refreshToken]) {
    const headers = {
      authorization: `Bearer ${token}`,
      "x-request-id": token,
      "content-type": "application/json",
    };
    for (const path of ["/auth/me", `/auth/${token}`, `/auth/me?token=${token}`, `/docs/${token}`]) {
      await tell({ method: "GET", path, headers: path === "/auth/me" ? headers : {} });
    }
    await tell({ method: "POST", path: "/auth/refresh", headers, body: token });
    await tell({ method: "POST", path: "/auth/login", headers, body: `{"username":["${token}"]}` });
    expectSilence(await sendRaw(server.url, `GET /${token}\r\nAuthorization: ${token}\r\n\r\n`));
  }
  for (const answer of [await refresh(server.url, access), await trade(server.url, refreshToken)]) {
    note(answer.body["code"], answer.text);
  }
}

/** Adds issued tokens to the secrets, and those parts that are secret on their own. */
function issued(tokens: Tokens): Tokens {
  const [, claims = "", signature = ""] = tokens.access.split(".");
  for (const secret of [tokens.access, claims, signature]) secrets.add(secret);
  secrets.add(tokens.refresh).add(tokens.refresh.slice(-60));
  return tokens;
}

function note(code: unknown, text = ""): void {
  expectSilence(text);
  codes.add(code);
}

function expectSilence(answer: string): void {
  for (const secret of secrets) expect(answer).not.toContain(secret);
}
