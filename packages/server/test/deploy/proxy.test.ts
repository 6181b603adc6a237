import { Agent, request } from "node:https";
import { DatabaseSync } from "node:sqlite";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Nginx, startNginx } from "./nginx.ts";

const place = new Place();
const guardKey = "g".repeat(40);
const env = {
  LATCHKEY_TRUSTED_PROXIES: "127.0.0.1",
  LATCHKEY_GUARD_KEYS: guardKey,
  LATCHKEY_METRICS_KEYS: "m".repeat(40),
  LATCHKEY_ISSUER: "https://login.example.com",
};
let replicas: [ServerProcess, ServerProcess];
let nginx: Nginx;

beforeAll(async () => {
  replicas = await Promise.all([place.server({ env }), place.server({ env })]);
  nginx = await startNginx(place.path("nginx"), [replicas[0].url, replicas[1].url]);
});
afterAll(() => nginx[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });

/** Sends through the proxy, or to a full URL. @throws without an answer */
function send(
  path: string,
  {
    method = "GET",
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, nginx.url), { agent, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("error", reject).on("end", () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, text, body: text.startsWith("{") ? JSON.parse(text) : {} });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const json = { "content-type": "application/json" };
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  send(path, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) });
const login = (username = "admin", password = adminPassword, headers = {}) =>
  post("/auth/login", { username, password }, headers);
const bearer = (token: unknown) => ({ authorization: `Bearer ${token}` });

describe("behind nginx with deploy/nginx.conf", () => {
  test("an authorization request of 8 KiB arrives, and so does its answer", async () => {
    const added = await place.latchkey(["client", "add", "App", "--redirect", "http://127.0.0.1/callback"]);
    const query = new URLSearchParams({
      client_id: added.stdout.trim().replace(/^added /, ""),
      redirect_uri: "http://127.0.0.1:1234/callback",
      response_type: "code",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
      state: '"'.repeat(2048),
    });
    const url = `/oauth/authorize?${query}&scope=`.padEnd(8192, "x");
    const page = await send(url);
    expect([page.status, page.text]).toEqual([200, expect.stringContaining("App")]);
    const longer = await send(`${url}x`);
    expect([longer.status, longer.text]).toEqual([414, expect.stringContaining("uri_too_long")]);
    query.set("response_type", "token");
    const refused = await send(`/oauth/authorize?${query}`);
    expect(refused.status).toBe(303);
    const returned = new URL(String(refused.headers["location"])).searchParams;
    expect(returned.get("error")).toBe("unsupported_response_type");
    expect(returned.get("state")).toHaveLength(2048);
  });

  test("users sign in, are recognised, refresh and sign out", async () => {
    const { body: tokens } = await login();
    expect((await send("/auth/me", { headers: bearer(tokens["access_token"]) })).body["username"]).toBe(
      "admin",
    );
    const refreshed = await post("/api/v1/auth/refresh", { refresh_token: tokens["refresh_token"] });
    expect(refreshed.status).toBe(200);
    const out = await send("/auth/logout", { method: "POST", headers: bearer(tokens["access_token"]) });
    expect(out.status).toBe(200);
    await until("both replicas refuse the token", async () => {
      const asked = [1, 2, 3, 4].map(() => send("/auth/me", { headers: bearer(tokens["access_token"]) }));
      return (await Promise.all(asked)).every(({ status }) => status === 401);
    });
  });

  test("a forged address is replaced by the real one", async () => {
    const lie = {
      "x-forwarded-for": "203.0.113.9",
      forwarded: "for=203.0.113.9",
      "x-real-ip": "203.0.113.9",
    };
    expect((await login("admin", "wrong", lie)).status).toBe(401);
    const audit = new DatabaseSync(place.database);
    const rows = audit.prepare("select distinct address from audit_events where name like 'login.%'").all();
    audit.close();
    expect(rows.map(({ address }) => address)).toEqual(["127.0.0.1"]);
  });

  test("refusals keep their bodies and headers", async () => {
    const refused = await send("/auth/me");
    expect(refused).toMatchObject({ status: 401, body: { code: "missing_token" } });
    expect(refused.headers["www-authenticate"]).toBe("Bearer");
    expect(refused.headers["x-content-type-options"]).toBe("nosniff");
    expect(await post("/auth/login", { username: "x".repeat(17_000), password: "x" })).toMatchObject({
      status: 413,
      body: { code: "body_too_large" },
    });
    expect(await send(`/auth/me?${"x".repeat(3000)}`)).toMatchObject({
      status: 414,
      body: { code: "uri_too_long" },
    });
    expect((await send("/auth/me", { headers: { "x-large": "x".repeat(40_000) } })).status).toBe(400);
    expect((await post("/auth/login", { username: "x".repeat(60_000), password: "x" })).status).toBe(413);
  });

  test("metrics and health are hidden from the public", async () => {
    for (const path of ["/metrics", "/health/live", "/health/ready"]) {
      expect((await send(path, { headers: bearer("m".repeat(40)) })).status, path).toBe(404);
    }
  });

  test("a guard receives revocations at once through nginx", async () => {
    const { body: tokens } = await login();
    const heard: string[] = [];
    const stream = request(`${nginx.url}/revocations`, {
      agent,
      headers: { ...bearer(guardKey), accept: "text/event-stream" },
    }).end();
    stream.on("response", (response) =>
      response.setEncoding("utf8").on("data", (text: string) => heard.push(text)),
    );
    await until("the stream is open", () => heard.join("").includes("event: cursor"));
    await send("/auth/logout", { method: "POST", headers: bearer(tokens["access_token"]) });
    const claims: { sid: string } = JSON.parse(
      Buffer.from(String(tokens["access_token"]).split(".")[1] ?? "", "base64url").toString(),
    );
    await until("the guard hears", () => heard.join("").includes(claims.sid));
    stream.destroy();
  });

  test("nginx logs no secret", async () => {
    const { body: tokens } = await login();
    await send(`/auth/me?token=${tokens["access_token"]}`, { headers: bearer(tokens["access_token"]) });
    // nginx writes the line of a request after its answer.
    await until("both requests are in the log", () =>
      /POST \/auth\/login.*GET \/auth\/me/s.test(nginx.logs()),
    );
    const logs = nginx.logs();
    expect(logs).not.toContain(String(tokens["access_token"]));
    expect(logs).not.toContain(adminPassword);
  });

  test("nginx logs no secret if no replica answers", async () => {
    await using alone = await startNginx(place.path("alone"), ["http://127.0.0.1:1", "http://127.0.0.1:2"]);
    const path = "/auth/me?token=a-token-in-the-url";
    expect((await send(`${alone.url}${path}`)).status).toBe(502);
    await until("the request is in the log", () => alone.logs().includes("GET /auth/me"));
    expect(alone.logs()).not.toContain("a-token-in-the-url");
  });
});

/** Sends calls of every kind until `isOver`. @returns the number of each answer */
async function load(isOver: () => boolean): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  const count = (what: string, { status }: { status: number }) => {
    answers[`${what} ${status}`] = (answers[`${what} ${status}`] ?? 0) + 1;
  };
  const none: Answer = { status: 0, headers: {}, text: "", body: {} };
  const person = async () => {
    while (!isOver()) {
      const signedIn = await login().catch(() => none);
      count("login", signedIn);
      const headers = bearer(signedIn.body["access_token"]);
      for (let n = 0; n < 5; n++) count("me", await send("/auth/me", { headers }).catch(() => none));
      const refreshToken = signedIn.body["refresh_token"];
      count("refresh", await post("/auth/refresh", { refresh_token: refreshToken }).catch(() => none));
    }
  };
  await Promise.all(Array.from({ length: 8 }, person));
  return answers;
}

async function restartBoth(signal: NodeJS.Signals): Promise<void> {
  for (const [place_, replica] of replicas.entries()) {
    const port = new URL(replica.url).port;
    await replica.stop(signal);
    replicas[place_] = await place.server({ env, args: ["--port", port] });
    // nginx skips a replica without an answer for two seconds. Then the load signs users in there again.
    const isUsed = () => replicas[place_]?.stdout().includes("login.succeeded") ?? false;
    await until("nginx sends to the replica again", isUsed, 20_000);
  }
}

test("no request fails while the replicas are restarted one by one", async () => {
  let over = false;
  const answers = load(() => over);
  await restartBoth("SIGTERM");
  over = true;
  expect(Object.keys(await answers).sort()).toEqual(["login 200", "me 200", "refresh 200"]);
});

test("while replicas are killed, reads are answered and logins count once", async () => {
  const logins = () => {
    const audit = new DatabaseSync(place.database);
    const [row] = audit
      .prepare("select count(*) as count from audit_events where name = 'login.succeeded'")
      .all();
    audit.close();
    return Number(row?.["count"]);
  };
  const before = logins();
  let over = false;
  const answers = load(() => over);
  await restartBoth("SIGKILL");
  over = true;
  const found = await answers;
  const failed = (what: string) =>
    Object.entries(found).filter(([name]) => name.startsWith(what) && !/ (200|401)$/.test(name));
  expect(failed("me")).toEqual([]);
  const sent = Object.entries(found).filter(([name]) => name.startsWith("login"));
  const total = sent.reduce((sum, [, count]) => sum + count, 0);
  expect(logins() - before).toBeLessThanOrEqual(total);
  expect(logins() - before).toBeGreaterThanOrEqual(found["login 200"] ?? 0);
});

test("a forged address is throttled by the real one, with Retry-After", async () => {
  // Each attempt claims another address. On SQLite each replica counts alone, so the limit is up to twice as high.
  let answer: Answer | undefined;
  for (let n = 1; n <= 60 && answer?.status !== 429; n++) {
    answer = await login("somebody", "wrong", { "x-forwarded-for": `203.0.113.${n}` });
  }
  expect(answer).toMatchObject({ status: 429, body: { code: "rate_limited" } });
  expect(Number(answer?.headers["retry-after"])).toBeGreaterThan(0);
  const audit = new DatabaseSync(place.database);
  const rows = audit.prepare("select reason, address from audit_events where name = 'login.throttled'").all();
  audit.close();
  expect(rows.map((row) => ({ ...row }))).toEqual([{ reason: "pair", address: "127.0.0.1" }]);
});
