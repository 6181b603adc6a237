import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test, vi } from "vitest";
import { readMetadata } from "../src/issuer/discovery.ts";
import { IssuerError, requestJson } from "../src/issuer/issuer-request.ts";
import { CloseSignal } from "../src/support/close-signal.ts";
import { Listener } from "./listener.ts";
import { json, misbehaviour, OwnIssuer } from "./own-issuer.ts";

const wellKnown = "/.well-known/openid-configuration";

test("a guard needs the issuer alone", async () => {
  await using issuer = await OwnIssuer.start();
  await using guard = issuer.guard();
  expect(await guard.verify(await issuer.token())).toMatchObject({ userId: "user:alice" });
  expect(issuer.requests.toSorted()).toEqual(["/keys", "/revocations from 0", wellKnown].toSorted());
});

test("no request is sent before the first use", async () => {
  await using issuer = await OwnIssuer.start();
  await using guard = issuer.guard();
  expect(guard.recall(await issuer.token())).toBeUndefined();
  expect(await codeOf(guard.verify(undefined))).toBe("missing_token");
  expect(issuer.requests).toEqual([]);
});

describe("an issuer with a path", () => {
  test.each(["/realms/demo", "/realms/demo/"])("%s", async (path) => {
    await using issuer = await OwnIssuer.start();
    const iss = `${issuer.url}${path}`;
    const document = { issuer: iss, jwks_uri: `${issuer.url}/keys` };
    issuer.answers.set(
      `/realms/demo${wellKnown}`,
      json(() => document),
    );
    await using guard = issuer.guard({ issuer: iss, audience: "account" });
    const claims = { iss, aud: "account", typ: "Bearer" };
    const principal = await guard.verify(await issuer.token({ claims, header: { typ: "JWT" } }));
    expect(principal.userId).toBe("user:alice");
    expect(guard.health()).toMatchObject({ ok: true, revocations: { state: "none" } });
  });
});

describe("a guard without keys names the cause", () => {
  const places = [wellKnown, "/keys"];
  const cases = places.flatMap((path) => Object.keys(misbehaviour).map((what) => [path, what] as const));
  test.each(cases)("%s answers with %s", async (path, what) => {
    await using issuer = await OwnIssuer.start();
    const answer = misbehaviour[what];
    if (answer === undefined) throw new Error("no such misbehaviour");
    issuer.answers.set(path, answer);
    const { events, onEvent } = new Listener();
    await using guard = issuer.guard({ onEvent });
    expect(await codeOf(guard.verify(await issuer.token()))).toBe("keys_unavailable");
    const health = guard.health();
    expect(health).toMatchObject({ ok: false, keys: { state: "none", known: 0 } });
    expect(health.keys.problem).toMatch(/^[\w :,.'-]+$/);
    expect(events).toContainEqual({ name: "keys.unavailable", reason: health.keys.problem });
  });

  test("the issuer is down", async () => {
    const issuer = await OwnIssuer.start();
    await issuer[Symbol.asyncDispose]();
    await using guard = issuer.guard();
    expect(await codeOf(guard.verify(await issuer.token()))).toBe("keys_unavailable");
    expect(guard.health().keys.problem).toBe("could not be reached: ECONNREFUSED");
  });

  test("the guard keeps trying until the issuer is up", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.answers.set(
      "/keys",
      json(() => ({}), 503),
    );
    await using guard = issuer.guard();
    const token = await issuer.token();
    expect(await codeOf(guard.verify(token))).toBe("keys_unavailable");
    issuer.answers.clear();
    await until("keys are read", () => guard.health().ok, 20_000);
    expect(await codeOf(guard.verify(token))).toBe("accepted");
  });
});

describe("a malformed document", () => {
  const good = { issuer: "https://login.example", jwks_uri: "https://login.example/keys" };
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["another issuer", { ...good, issuer: "https://login.example/realm" }],
    ["two closing slashes", { ...good, issuer: "https://login.example//" }],
    ["an issuer that is a list", { ...good, issuer: ["https://login.example"] }],
    ["another issuer's spelling", { ...good, issuer: "https://LOGIN.example" }],
    ["no issuer", { jwks_uri: good.jwks_uri }],
    ["no keys", { issuer: good.issuer }],
    ["keys at no address", { ...good, jwks_uri: "/keys" }],
    ["keys without TLS", { ...good, jwks_uri: "http://login.example/keys" }],
    ["keys in a file", { ...good, jwks_uri: "file:///etc/passwd" }],
    ["keys in the document", { ...good, jwks_uri: "data:application/json,{}" }],
    ["keys with a password", { ...good, jwks_uri: "https://a:b@login.example/keys" }],
    ["a feed that is not an address", { ...good, latchkey_revocations_endpoint: 1 }],
    ["a feed without TLS", { ...good, latchkey_revocations_endpoint: "http://login.example/r" }],
    ["a feed elsewhere", { ...good, latchkey_revocations_endpoint: "https://other.example/r" }],
  ])("%s", (_name, document) => {
    expect(() => readMetadata(document, good.issuer)).toThrow(IssuerError);
  });

  test("keys may be on another host, and unknown members are ignored", () => {
    const document = { ...good, jwks_uri: "https://keys.example/k", scopes_supported: ["openid"] };
    expect(readMetadata(document, good.issuer)).toEqual({
      issuer: good.issuer,
      keySet: new URL("https://keys.example/k"),
      feed: undefined,
      isAuthorizationServer: false,
    });
  });
});

describe("an issuer with or without a closing slash", () => {
  /** The configured name, and the name in the metadata. */
  const slashes: readonly (readonly [written: string, own: string])[] = [
    ["/", ""],
    ["", "/"],
  ];

  test.each(slashes)("is accepted: %j in the settings, %j in its metadata", async (written, own) => {
    await using issuer = await OwnIssuer.start();
    const iss = `${issuer.url}${own}`;
    issuer.discovery = { ...issuer.discovery, issuer: iss };
    const { events, onEvent } = new Listener();
    await using guard = issuer.guard({ issuer: `${issuer.url}${written}`, onEvent });
    expect(await codeOf(guard.verify(await issuer.token({ claims: { iss, aud: iss } })))).toBe("accepted");
    expect(guard.issuer).toBe(iss);
    await guard.ready();
    expect(guard.health().ok).toBe(true);
    expect(events.map(({ name }) => name)).not.toContain("issuer.mismatch");
    // The comparison stays exact.
    for (const claims of [
      { iss: `${issuer.url}${written}`, aud: iss },
      { iss, aud: `${issuer.url}${written}` },
    ]) {
      expect(await codeOf(guard.verify(await issuer.token({ claims })))).toBe("invalid_token");
    }
  });

  test("a configured audience is used unchanged", async () => {
    await using issuer = await OwnIssuer.start();
    await using guard = issuer.guard({ issuer: `${issuer.url}/`, audience: `${issuer.url}/` });
    expect(await codeOf(guard.verify(await issuer.token()))).toBe("invalid_token");
    const claims = { aud: `${issuer.url}/` };
    expect(await codeOf(guard.verify(await issuer.token({ claims })))).toBe("accepted");
  });
});

describe("an authorization server", () => {
  test("is the realm behind a Latchkey, if both endpoints are named", async () => {
    await using latchkey = await OwnIssuer.start();
    const realm = "http://keycloak.example/realms/demo";
    latchkey.discovery = {
      issuer: realm,
      authorization_endpoint: `${realm}/protocol/openid-connect/auth`,
      token_endpoint: `${realm}/protocol/openid-connect/token`,
    };
    await using guard = latchkey.guard({ issuer: realm, discoverAt: latchkey.url });
    expect(await guard.authorizationServer()).toBe(realm);
  });

  test("is not read again within five seconds after a failure", async () => {
    await using issuer = await OwnIssuer.start();
    let now = issuer.tokens.now;
    issuer.answers.set(
      wellKnown,
      json(() => ({}), 500),
    );
    await using guard = issuer.guard({ now: () => now });
    for (let request = 0; request < 5; request++) {
      await expect(guard.authorizationServer()).rejects.toThrow("answered 500");
    }
    expect(issuer.asked(wellKnown)).toBe(1);
    issuer.answers.clear();
    now += 5_000;
    expect(await guard.authorizationServer()).toBeUndefined();
    expect(issuer.asked(wellKnown)).toBe(2);
  });
});

describe("an issuer that names another issuer", () => {
  const localhost = ({ url }: OwnIssuer) => url.replace("127.0.0.1", "localhost");

  test("is reported once, and in health and refusal, with the right name", async () => {
    await using issuer = await OwnIssuer.start();
    const listener = new Listener();
    await using guard = issuer.guard({ issuer: localhost(issuer), onEvent: listener.onEvent });
    const token = await issuer.token();
    const reason =
      `discovery: the issuer at ${localhost(issuer)} calls itself ${issuer.url}: ` +
      `set issuer: "${issuer.url}"`;
    await expect(guard.verify(token)).rejects.toMatchObject({ status: 503, reason });
    expect(guard.health()).toMatchObject({ ok: false, keys: { problem: reason } });
    // The guard keeps trying.
    await listener.heard("keys.unavailable", 3);
    expect(listener.all("issuer.mismatch")).toEqual([{ name: "issuer.mismatch", named: issuer.url, reason }]);
    // Another name at the same address is reported again.
    issuer.discovery = { ...issuer.discovery, issuer: "https://other.example" };
    expect(await listener.heard("issuer.mismatch", 2)).toMatchObject({ named: "https://other.example" });
  });

  test("is reported on the console once if there is no listener", async () => {
    await using issuer = await OwnIssuer.start();
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      await using guard = issuer.guard({ issuer: localhost(issuer) });
      expect(await codeOf(guard.verify(await issuer.token()))).toBe("keys_unavailable");
      await until("it was tried again", () => issuer.asked(wellKnown) > 3, 20_000);
      expect(warned.mock.calls).toEqual([
        [
          `@latchkey/guard: every token is refused: discovery: the issuer at ${localhost(issuer)} calls itself ` +
            `${issuer.url}: set issuer: "${issuer.url}"`,
        ],
      ]);
    } finally {
      warned.mockRestore();
    }
  });

  test("is reported in printable characters", () => {
    const named = `https://a.example/"\u001b[2J\n${"x".repeat(1_000)}`;
    const read = () => readMetadata({ issuer: named, jwks_uri: "https://a.example/k" }, "https://b.example");
    expect(read).toThrow(
      /^discovery: the issuer at https:\/\/b\.example calls itself https:\/\/a\.example\/\?+\[2J\?x+: /,
    );
    expect(read).toThrow(/^.{0,600}$/);
  });
});

describe("a guard without a listener warns on the console", () => {
  test("with the configured issuer, if discoverAt replaces its address", async () => {
    await using issuer = await OwnIssuer.start();
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      await using guard = issuer.guard({ issuer: "https://realm.example", discoverAt: issuer.url });
      expect(await codeOf(guard.verify(await issuer.token()))).toBe("keys_unavailable");
      expect(warned.mock.calls).toEqual([
        [
          `@latchkey/guard: every token is refused: discovery: the issuer at ${issuer.url} calls itself ` +
            `${issuer.url}, and the option issuer is https://realm.example: set issuer: "${issuer.url}"`,
        ],
      ]);
    } finally {
      warned.mockRestore();
    }
  });

  test("once per loss of keys", async () => {
    await using issuer = await OwnIssuer.start();
    const down = json(() => ({}), 503);
    issuer.answers.set("/keys", down);
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      await using guard = issuer.guard({ follow: false });
      const told = "@latchkey/guard: the issuer's keys could not be read: answered 503";
      await codeOf(guard.verify(await issuer.token()));
      await until("it was tried again", () => issuer.asked("/keys") > 2, 20_000);
      expect(warned.mock.calls).toEqual([[told]]);
      issuer.answers.clear();
      await until("keys are read", () => guard.health().ok, 20_000);
      issuer.answers.set("/keys", down);
      await codeOf(guard.verify(await issuer.token({ header: { kid: "new" } })));
      expect(warned.mock.calls).toEqual([[told], [told]]);
    } finally {
      warned.mockRestore();
    }
  });

  test("when the feed refuses it", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.guardKey = "a-guard-key-of-the-server";
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      await using guard = issuer.guard();
      guard.health();
      await until("it warned", () => warned.mock.calls.length > 0, 20_000);
      expect(warned.mock.calls).toEqual([
        ["@latchkey/guard: the issuer refuses this guard (401): set guardKey to one of its guard keys"],
      ]);
    } finally {
      warned.mockRestore();
    }
  });
});

test.each(["headers", "the rest of a body"])("a request has a timeout: %s", async (late) => {
  await using issuer = await OwnIssuer.start();
  issuer.answers.set("/slow", (_request, response) => {
    if (late === "the rest of a body") response.write("{");
  });
  const requests = { fetch, closed: new CloseSignal() };
  const answer = requestJson(requests, new URL(`${issuer.url}/slow`), { timeout: 100 });
  await expect(answer).rejects.toThrow("no data for 100 ms");
});

test("closing the guard ends its wait", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.answers.set("/keys", () => {});
  const guard = issuer.guard();
  const checked = codeOf(guard.verify(await issuer.token()));
  await until("the keys are asked for", () => issuer.asked("/keys") === 1, 10_000);
  guard.close();
  expect(await checked).toBe("keys_unavailable");
  expect(await codeOf(guard.verify(await issuer.token()))).toBe("keys_unavailable");
  expect(await codeOf(guard.ready())).toBe("keys_unavailable");
  expect(guard.health().ok).toBe(false);
});
