import { start, TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createRouteGuards } from "../../src/adapters/route-guards.ts";
import type { RouteDecision, RouteOptions } from "../../src/adapters/route-options.ts";
import { type Guard, type GuardOptions, TokenError } from "../../src/index.ts";
import { hosts, type Running } from "./hosts.ts";
import { type Received, type Sent, send } from "./send.ts";

const issuer = await TestIssuer.make();
const stranger = await TestIssuer.make();
issuer.ended.add("session-ended");

const alice = await issuer.token();
const admin = await issuer.token({ claims: { sub: "user:admin", roles: ["admin"], scope: "" } });
const writer = await issuer.token({ claims: { sub: "user:writer", scope: "notes:write" } });
const bare = await issuer.token({ claims: { sub: "user:bare", roles: [], scope: undefined } });
const expired = await issuer.token({ claims: { exp: start - 1 } });
const ended = await issuer.token({ claims: { sid: "session-ended" } });
const unsigned = `${btoa('{"alg":"none","typ":"at+jwt","kid":"k1"}')}.${alice.split(".")[1]}.`;
const tokens = { alice, admin, writer, bare, expired, ended, unsigned };

const implies = { "notes:write": ["notes:read"] };
const bearer = (token: string) => [["Authorization", `Bearer ${token}`]] as const;
const invalid = 'Bearer error="invalid_token", error_description="The access token is not valid"';
const lacking =
  'Bearer error="insufficient_scope", error_description="The access token lacks a scope that this needs"';

/** The response to a request, and the user that its handler saw, if it ran. */
interface Expected {
  readonly status: number;
  readonly reached?: string;
  readonly code?: string;
  readonly message?: string;
  readonly challenge?: string;
}

const allowed = (reached: string): Expected => ({ status: 200, reached });
const missing: Expected = {
  status: 401,
  code: "missing_token",
  message: "An access token is required",
  challenge: "Bearer",
};
const notValid: Expected = {
  status: 401,
  code: "invalid_token",
  message: "The access token is not valid",
  challenge: invalid,
};
const forbidden: Expected = { status: 403, code: "forbidden", message: "You are not allowed to do this" };
const needs = (scopes: string): Expected => ({
  status: 403,
  code: "insufficient_scope",
  message: "The access token lacks a scope that this needs",
  challenge: `${lacking}, scope="${scopes}"`,
});

const requests: readonly (readonly [string, Sent, Expected])[] = [
  ["a good token", { headers: bearer(alice) }, allowed("user:alice")],
  ["the scheme in another case", { headers: [["authorization", `bEARER ${alice}`]] }, allowed("user:alice")],
  ["no header", {}, missing],
  ["no header, with a body", { method: "POST", body: "{}" }, missing],
  ["an empty header", { headers: [["Authorization", ""]] }, missing],
  ["a scheme and no token", { headers: [["Authorization", "Bearer"]] }, missing],
  ["a scheme and spaces", { headers: [["Authorization", "Bearer    "]] }, missing],
  ["another scheme", { headers: [["Authorization", `Basic ${btoa("alice:alice123")}`]] }, missing],
  ["a scheme that only begins alike", { headers: [["Authorization", `BearerX ${alice}`]] }, missing],
  ["a token without a scheme", { headers: [["Authorization", alice]] }, missing],
  ["a text that is not a token", { headers: bearer("alice") }, notValid],
  ["a token and something else", { headers: bearer(`${alice} x`) }, notValid],
  ["two tokens in one header", { headers: bearer(`${alice}, Bearer ${alice}`) }, notValid],
  ["two headers", { headers: [...bearer(alice), ...bearer(admin)] }, notValid],
  ["the same header twice", { headers: [...bearer(alice), ...bearer(alice)] }, notValid],
  ["a token and an empty header", { headers: [...bearer(alice), ["authorization", ""]] }, notValid],
  ["an unsigned token", { headers: bearer(unsigned) }, notValid],
  ["a header of 100 KB", { headers: bearer("a".repeat(100_000)) }, notValid],
  ["a token of 100 KB", { headers: bearer(`${"a.".repeat(50_000)}a`) }, notValid],
  ["100 KB of spaces", { headers: bearer(`x${" ".repeat(100_000)}x`) }, notValid],
  ["100 KB of commas", { headers: bearer(`${", ".repeat(50_000)}Bearer x`) }, notValid],
  [
    "an expired token",
    { headers: bearer(expired) },
    {
      status: 401,
      code: "token_expired",
      message: "The access token has expired",
      challenge: 'Bearer error="invalid_token", error_description="The access token has expired"',
    },
  ],
  [
    "a token of an ended session",
    { headers: bearer(ended) },
    {
      status: 401,
      code: "token_revoked",
      message: "The session of this access token has ended",
      challenge:
        'Bearer error="invalid_token", error_description="The session of this access token has ended"',
    },
  ],

  // Places that the guard ignores (RFC 6750 §2.2, §2.3).
  ["a token in the query", { path: `/me?access_token=${alice}&token=${alice}` }, missing],
  [
    "a token in a form",
    {
      method: "POST",
      headers: [["Content-Type", "application/x-www-form-urlencoded"]],
      body: `access_token=${alice}`,
    },
    missing,
  ],
  ["a token in a cookie", { headers: [["Cookie", `token=${alice}; access_token=${alice}`]] }, missing],
  ["a token for a proxy", { headers: [["Proxy-Authorization", `Bearer ${alice}`]] }, missing],
  [
    "a query, with a good token",
    { path: "/me?access_token=x", headers: bearer(alice) },
    allowed("user:alice"),
  ],

  ["OPTIONS without a token", { method: "OPTIONS" }, missing],
  ["OPTIONS with a token", { method: "OPTIONS", headers: bearer(alice) }, allowed("user:alice")],
  ["DELETE without a token", { method: "DELETE" }, missing],

  ["a role", { path: "/admin", headers: bearer(admin) }, allowed("user:admin")],
  ["no such role", { path: "/admin", headers: bearer(alice) }, forbidden],
  ["no role at all", { path: "/admin", headers: bearer(bare) }, forbidden],
  ["a rule, and no token", { path: "/admin" }, missing],
  ["scopes, and no token", { path: "/write" }, missing],
  ["a scope", { path: "/write", headers: bearer(writer) }, allowed("user:writer")],
  ["a scope that another implies", { path: "/read", headers: bearer(writer) }, allowed("user:writer")],
  ["no such scope", { path: "/read", headers: bearer(alice) }, needs("notes:read")],
  [
    "no scope at all: all that are needed are named",
    { path: "/write", headers: bearer(bare) },
    needs("notes:read notes:write"),
  ],
  ["a role and no scope", { path: "/purge", headers: bearer(admin) }, needs("notes:write")],
  ["a scope and no role: no scope is named", { path: "/purge", headers: bearer(writer) }, forbidden],
  ["neither role nor scope: no scope is named", { path: "/purge", headers: bearer(alice) }, forbidden],
  ["either, by role", { path: "/either", headers: bearer(admin) }, allowed("user:admin")],
  ["either, by scope", { path: "/either", headers: bearer(writer) }, allowed("user:writer")],
  ["neither: a scope would do", { path: "/either", headers: bearer(alice) }, needs("notes:write")],
  ["one's own", { path: "/notes/alice", headers: bearer(alice) }, allowed("user:alice")],
  ["somebody else's", { path: "/notes/bob", headers: bearer(alice) }, forbidden],
  [
    "somebody else's, with one's own in the query",
    { path: "/notes/bob?owner=alice", headers: bearer(alice) },
    forbidden,
  ],
  ["a condition that throws", { path: "/throws", headers: bearer(admin) }, forbidden],
];

/** A server behind a guard of the issuer, and all decisions of that guard. */
interface World extends Running {
  readonly decisions: RouteDecision[];
}

describe.each(hosts)("%s", (_name, host) => {
  const running: Running[] = [];
  const close = () => Promise.all(running.splice(0).map((one) => one.close()));

  async function serve(guard: Guard, options: RouteOptions = {}): Promise<World> {
    const decisions: RouteDecision[] = [];
    const onDecision = (decision: RouteDecision) => decisions.push(decision);
    const world = {
      ...(await host(createRouteGuards(guard, { implies, onDecision, ...options }))),
      decisions,
    };
    running.push(world);
    return world;
  }

  describe("answers", () => {
    let world: World;
    beforeAll(async () => {
      world = await serve(issuer.guard());
    });
    afterAll(close);

    test.each(requests)("%s", async (_case, sent, expected) => {
      world.decisions.length = 0;
      const received = await send(world.url, sent);
      expectAnswer(received, expected);
      expect(world.decisions).toHaveLength(1);
      expect(world.decisions[0]).toMatchObject({
        method: sent.method ?? "GET",
        path: (sent.path ?? "/me").split("?")[0],
        outcome: expected.reached === undefined ? "denied" : "allowed",
        ...(expected.reached !== undefined && { userId: expected.reached }),
        ...(expected.code !== undefined && { code: expected.code }),
      });
      expectNoToken(received, world);
    });

    test.each([
      ["HEAD without a token", [], 401, "Bearer"],
      ["HEAD with a token", bearer(alice), 200, undefined],
    ])("%s", async (_case, headers, status, challenge) => {
      const received = await send(world.url, { method: "HEAD", headers });
      expect(received).toMatchObject({ status, body: "" });
      expect(received.headers["www-authenticate"]).toBe(challenge);
    });
  });

  describe("the audit", () => {
    afterEach(close);

    test("names user, route, code and reason; the user only if known", async () => {
      const { url, decisions } = await serve(issuer.guard());
      await send(url, { path: "/admin?page=2", headers: bearer(alice) });
      await send(url, { path: "/read", headers: bearer(alice) });
      await send(url, { path: "/me", headers: bearer(expired) });
      await send(url, { path: "/notes/alice", method: "POST", headers: bearer(alice) });
      expect(decisions).toEqual([
        {
          method: "GET",
          path: "/admin",
          outcome: "denied",
          userId: "user:alice",
          code: "forbidden",
          reason: "needs role admin or operator",
        },
        {
          method: "GET",
          path: "/read",
          outcome: "denied",
          userId: "user:alice",
          code: "insufficient_scope",
          reason: "needs scope notes:read",
        },
        {
          method: "GET",
          path: "/me",
          outcome: "denied",
          userId: undefined,
          code: "token_expired",
          reason: "token_expired",
        },
        { method: "POST", path: "/notes/alice", outcome: "allowed", userId: "user:alice" },
      ]);
    });

    test.each([[new Error("disk full")], [undefined], ["route"]])(
      "that throws %s admits no request, and a refusal stays the same",
      async (thrown) => {
        const onDecision = () => {
          throw thrown;
        };
        const { url } = await serve(issuer.guard(), { onDecision });
        const good = await send(url, { headers: bearer(alice) });
        expect(good.status).toBe(500);
        expect(good.body).not.toContain("reached");
        expectAnswer(await send(url, {}), missing);
      },
    );
  });

  describe("a guard that cannot check tokens", () => {
    afterEach(close);

    test.each<[code: string, message: string, Partial<GuardOptions>]>([
      [
        "keys_unavailable",
        "Access tokens cannot be checked now: the issuer's keys could not be read",
        { keys: { get: () => undefined, refresh: refuse("keys_unavailable") } },
      ],
      [
        "revocations_unavailable",
        "Access tokens cannot be checked now: ended sessions could not be read",
        { revocations: { isRevoked: refuse("revocations_unavailable") } },
      ],
    ])("answers 503 and names the cause: %s", async (code, message, options) => {
      const world = await serve(issuer.guard(options));
      const received = await send(world.url, { headers: bearer(alice) });
      expectAnswer(received, { status: 503, code, message });
      expect(received.headers["retry-after"]).toBe("1");
      expect(world.decisions).toMatchObject([{ outcome: "denied", userId: undefined, code }]);
      expectNoToken(received, world);
      expectAnswer(await send(world.url, {}), missing);
    });

    // Express continues with the next handler for `undefined`, and with the next route for "route".
    test.each([[new Error("a socket broke")], [undefined], [null], ["route"], ["router"], [0]])(
      "passes a thrown %s to the framework's error handling",
      async (thrown) => {
        const isRevoked = () => {
          throw thrown;
        };
        const world = await serve(issuer.guard({ revocations: { isRevoked } }));
        const received = await send(world.url, { headers: bearer(alice) });
        expect(received.status).toBe(500);
        expect(received.body).not.toContain("reached");
        expect(world.decisions).toEqual([]);
        expectNoToken(received, world);
      },
    );
  });
});

function refuse(code: "keys_unavailable" | "revocations_unavailable") {
  return async (): Promise<never> => {
    throw new TokenError(code);
  };
}

function expectAnswer({ status, headers, body }: Received, expected: Expected): void {
  expect(status).toBe(expected.status);
  expect(headers["www-authenticate"]).toBe(expected.challenge);
  expect(headers["content-type"]).toMatch(/^application\/json(; ?charset=utf-8)?$/);
  if (expected.reached !== undefined) {
    expect(JSON.parse(body)).toEqual({ reached: expected.reached });
    expect(headers["cache-control"]).toBeUndefined();
    return;
  }
  const { code, message } = expected;
  expect(JSON.parse(body)).toEqual({ detail: message, message, code });
  expect(headers["cache-control"]).toBe("no-store");
  if (expected.status !== 503) expect(headers["retry-after"]).toBeUndefined();
}

/** No usable part of a token appears anywhere. */
function expectNoToken(received: Received, { log, decisions }: World): void {
  const said = JSON.stringify([received, log, decisions]);
  for (const token of Object.values(tokens)) {
    for (const part of token.split(".").slice(1)) if (part !== "") expect(said).not.toContain(part);
  }
}

test("every adapter refuses another issuer's token", async () => {
  for (const [, host] of hosts) {
    const world = await host(createRouteGuards(stranger.guard()));
    expectAnswer(await send(world.url, { headers: bearer(alice) }), notValid);
    await world.close();
  }
});
