import { describe, expect, test } from "vitest";
import { until } from "../../server/test/process/until.ts";
import { Closing } from "../src/closing.ts";
import { readMetadata } from "../src/discovery.ts";
import { IssuerProblem, requestJson } from "../src/issuer-request.ts";
import { codeOf } from "./issuer.ts";
import { Listener } from "./listener.ts";
import { json, misbehaviour, OwnIssuer } from "./own-issuer.ts";

const wellKnown = "/.well-known/openid-configuration";

test("an address is all that a guard needs", async () => {
  await using issuer = await OwnIssuer.start();
  await using guard = issuer.guard();
  expect(await guard.verify(await issuer.token())).toMatchObject({ userId: "user:alice" });
  expect(issuer.requests.toSorted()).toEqual(["/keys", "/revocations from 0", wellKnown].toSorted());
});

test("nothing is asked before the first use", async () => {
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

describe("keys are unavailable, and the guard says why", () => {
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

  test("nobody is there", async () => {
    const issuer = await OwnIssuer.start();
    await issuer[Symbol.asyncDispose]();
    await using guard = issuer.guard();
    expect(await codeOf(guard.verify(await issuer.token()))).toBe("keys_unavailable");
    expect(guard.health().keys.problem).toBe("could not be reached: ECONNREFUSED");
  });

  test("until the issuer is there: the guard goes on trying", async () => {
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

describe("a document that cannot be meant", () => {
  const good = { issuer: "https://login.example", jwks_uri: "https://login.example/keys" };
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["another issuer", { ...good, issuer: "https://login.example/" }],
    ["another issuer's spelling", { ...good, issuer: "https://LOGIN.example" }],
    ["no issuer", { jwks_uri: good.jwks_uri }],
    ["no keys", { issuer: good.issuer }],
    ["keys at no address", { ...good, jwks_uri: "/keys" }],
    ["keys without TLS", { ...good, jwks_uri: "http://login.example/keys" }],
    ["keys in a file", { ...good, jwks_uri: "file:///etc/passwd" }],
    ["keys in the document", { ...good, jwks_uri: "data:application/json,{}" }],
    ["keys with a password", { ...good, jwks_uri: "https://a:b@login.example/keys" }],
    ["a feed that is no address", { ...good, latchkey_revocations_endpoint: 1 }],
    ["a feed without TLS", { ...good, latchkey_revocations_endpoint: "http://login.example/r" }],
    ["a feed elsewhere", { ...good, latchkey_revocations_endpoint: "https://other.example/r" }],
  ])("%s", (_name, document) => {
    expect(() => readMetadata(document, good.issuer)).toThrow(IssuerProblem);
  });

  test("keys may be elsewhere, and more may be said", () => {
    const document = { ...good, jwks_uri: "https://keys.example/k", scopes_supported: ["openid"] };
    expect(readMetadata(document, good.issuer)).toEqual({
      keySet: new URL("https://keys.example/k"),
      feed: undefined,
    });
  });
});

test.each(["headers", "the rest of a body"])(
  "an answer is not waited for longer than agreed: %s",
  async (late) => {
    await using issuer = await OwnIssuer.start();
    issuer.answers.set("/slow", (_request, response) => {
      if (late === "the rest of a body") response.write("{");
    });
    const requests = { fetch, closed: new Closing() };
    const answer = requestJson(requests, new URL(`${issuer.url}/slow`), { timeout: 100 });
    await expect(answer).rejects.toThrow("nothing came for 100 ms");
  },
);

test("a guard that is closed while it waits stops waiting", async () => {
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
