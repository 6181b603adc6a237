import { publicAddress } from "@latchkey/testkit/oauth/document-host";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { storeUnavailable } from "../../../src/core/errors.ts";
import {
  type CheckRequest,
  createRequestCheck,
  type RequestCheck,
} from "../../../src/core/oauth/authorization-request.ts";
import { matches } from "../../../src/core/oauth/redirect-uris.ts";
import { createResources } from "../../../src/core/oauth/resources.ts";
import { allowedScopes } from "../../../src/core/oauth/scopes.ts";
import { createRegisterClient } from "../../../src/core/stories/register-client.ts";
import { MemoryAttemptCounter } from "../../../src/core/throttle/memory-attempt-counter.ts";
import { RequestLimit } from "../../../src/core/throttle/request-limit.ts";
import { document, id as documentId } from "../../client-documents/documents-world.ts";
import { caller } from "../small-world.ts";
import { ClientsWorld, event, registered } from "./clients-world.ts";
import { type KnownClient, knownClients } from "./known-clients.ts";

const issuer = "https://login.example";
const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const loopback = "http://localhost:49152/callback";

let world: ClientsWorld;
let check: CheckRequest;
/** A client that registered itself. */
let program: string;

beforeAll(async () => {
  world = await ClientsWorld.open();
  world.documents.host.publish(new URL(documentId).pathname, document());
  await world.store.clients.add(registered(), event("client.added"));
  const machine = registered({ id: "machine", grantTypes: ["client_credentials"] });
  await world.store.clients.add(machine, event("client.added"));
  program = world.sealedId("http://localhost/callback", "https://program.example/cb", "program:/cb");
  check = checkWith();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  world.documents.now += 60_000;
});

function checkWith(list = world.store.resources.list): CheckRequest {
  return createRequestCheck({
    clients: world.clients(),
    resources: createResources({
      issuer,
      mcp: true,
      audience: [],
      fallback: undefined,
      registered: { list },
    }),
    allowedScope: (asked, resource) => allowedScopes(asked, resource).scope,
  });
}

type Change = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The query of a good request of the program with changes. Undefined leaves a parameter out, a list repeats it. */
function queryOf(change: Change = {}): URLSearchParams {
  const good = {
    response_type: "code",
    client_id: program,
    redirect_uri: loopback,
    state: "s t/ä",
    code_challenge: challenge,
    code_challenge_method: "S256",
    resource: `${issuer}/mcp`,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...good, ...change })) {
    for (const one of value === undefined ? [] : [value].flat()) query.append(name, one);
  }
  return query;
}

const outcomeOf = (change: Change = {}) => check(queryOf(change), caller);

describe("a valid request", () => {
  test("has all that a person is asked about", async () => {
    expect(await outcomeOf({ login_hint: "alice", scope: " profile claudeai offline_access" })).toEqual({
      outcome: "valid",
      request: {
        client: world.sealed.open(program),
        redirectUri: loopback,
        state: "s t/ä",
        challenge,
        resource: { url: `${issuer}/mcp`, name: null, scopes: [], ownTools: true },
        scope: "profile",
        loginHint: "alice",
      },
    });
  });

  test.each<[string, Change, object]>([
    ["no resource", { resource: undefined }, { resource: { url: `${issuer}/mcp` } }],
    ["an empty resource", { resource: "" }, { resource: { url: `${issuer}/mcp` } }],
    ["no state", { state: undefined }, { state: undefined }],
    ["a state of 2,048 characters", { state: "s".repeat(2_048) }, { state: "s".repeat(2_048) }],
    ["no scope", { scope: undefined }, { scope: "profile email" }],
    ["an empty scope", { scope: "" }, { scope: "profile email" }],
    ["the response mode query", { response_mode: "query" }, {}],
    ["an empty request object", { request: "", request_uri: "" }, {}],
    ["a prompt for consent", { prompt: "login consent" }, {}],
    ["a parameter that is not known, twice", { nonce: ["1", "2"] }, {}],
    ["a long login hint", { login_hint: "a".repeat(257) }, { loginHint: undefined }],
    ["a login hint with control characters", { login_hint: "a\u0000" }, { loginHint: undefined }],
    ["a scheme", { redirect_uri: "program:/cb" }, { redirectUri: "program:/cb" }],
  ])("may have %s", async (_, change, expected) => {
    expect(await outcomeOf(change)).toMatchObject({ outcome: "valid", request: expected });
  });
});

describe("a well-known client may ask", () => {
  /** The id by which a client calls itself, after its document is published or it registered itself. */
  async function idOf({ by, sent }: KnownClient): Promise<string> {
    const { host } = world.documents;
    if (by === "document") {
      const { href, hostname, pathname } = new URL(String(sent["client_id"]));
      host.addresses.set(hostname, [[publicAddress]]);
      host.publish(hostname + pathname, sent);
      return href;
    }
    const counter = new MemoryAttemptCounter(() => 0);
    const limit = new RequestLimit("registrations", { limit: 1, windowMs: 1 }, counter);
    return (await createRegisterClient({ sealed: world.sealed, limit })(sent, caller)).client_id;
  }

  test.each(knownClients)("$name, by $by, with each of its redirect URIs", async (known) => {
    const id = await idOf(known);
    for (const redirect_uri of known.uses) {
      expect(await outcomeOf({ client_id: id, redirect_uri })).toMatchObject({
        outcome: "valid",
        request: {
          client: { id, name: known.name, credentials: known.credentials },
          redirectUri: redirect_uri,
        },
      });
    }
    if (known.by === "document") expect(world.documents.host.asked).toContain(id);
  });
});

describe("a page, without a redirect, is for", () => {
  test.each<[string, Change, string]>([
    ["no client", { client_id: undefined }, "invalid_request"],
    ["an empty client id", { client_id: "" }, "invalid_request"],
    ["two clients", { client_id: ["notes", "notes"] }, "unknown_client"],
    ["an unknown client", { client_id: "other" }, "unknown_client"],
    ["a malformed client id", { client_id: "a\u0000b" }, "unknown_client"],
    ["a forged client id", { client_id: "lkc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }, "unknown_client"],
    ["a client whose document is refused", { client_id: "https://app.example/missing" }, "unknown_client"],
    [
      "a client whose host is away",
      { client_id: "https://nowhere.example/x" },
      "client_document_unavailable",
    ],
    ["no redirect URI", { redirect_uri: undefined }, "invalid_redirect_uri"],
    ["an empty redirect URI", { redirect_uri: "" }, "invalid_redirect_uri"],
    ["two redirect URIs", { redirect_uri: [loopback, loopback] }, "invalid_redirect_uri"],
    ["another redirect URI", { redirect_uri: "https://evil.example/cb" }, "invalid_redirect_uri"],
    [
      "a redirect URI of another client",
      { redirect_uri: "https://notes.example/cb" },
      "invalid_redirect_uri",
    ],
    ["a longer redirect URI", { redirect_uri: "https://program.example/cb/.." }, "invalid_redirect_uri"],
    ["a machine", { client_id: "machine", redirect_uri: "https://evil.example/" }, "invalid_redirect_uri"],
  ])("%s, whatever else is wrong", async (_, change, code) => {
    for (const more of [{}, { response_type: "token", state: ["1", "2"], prompt: "none", resource: "x" }]) {
      const outcome = await outcomeOf({ ...more, ...change });
      expect(outcome).toEqual({ outcome: "refused", refusal: expect.objectContaining({ code }) });
      expect(JSON.stringify(outcome)).not.toContain("evil");
    }
  });

  test("a blocked client", async () => {
    const id = world.sealedId("http://localhost/blocked");
    await world.store.clients.block(id, "Program", event("client.blocked"), "new");
    const outcome = await outcomeOf({ client_id: id, redirect_uri: "http://localhost/blocked" });
    expect(outcome).toMatchObject({ outcome: "refused", refusal: { code: "unknown_client" } });
  });

  test("a database that is away", async () => {
    const away = checkWith(() => Promise.reject(storeUnavailable("away")));
    const outcome = await away(queryOf(), caller);
    expect(outcome).toMatchObject({
      outcome: "refused",
      refusal: { code: "store_unavailable", retryAfter: 1 },
    });
  });
});

describe("an error for the client is", () => {
  test.each<[string, Change, string]>([
    ["no response type", { response_type: undefined }, "invalid_request"],
    ["another response type", { response_type: "token" }, "unsupported_response_type"],
    ["two response types in one", { response_type: "code id_token" }, "unsupported_response_type"],
    ["another response mode", { response_mode: "fragment" }, "invalid_request"],
    ["a request object", { request: "e30.e30." }, "invalid_request"],
    ["the address of a request object", { request_uri: "https://app.example/r" }, "invalid_request"],
    ["no challenge", { code_challenge: undefined }, "invalid_request"],
    ["no method of the challenge", { code_challenge_method: undefined }, "invalid_request"],
    ["a plain challenge", { code_challenge_method: "plain" }, "invalid_request"],
    ["a short challenge", { code_challenge: challenge.slice(1) }, "invalid_request"],
    ["a challenge with padding", { code_challenge: `${challenge}=` }, "invalid_request"],
    ["a challenge with other characters", { code_challenge: `+${challenge.slice(1)}` }, "invalid_request"],
    ["prompt=none", { prompt: "none" }, "interaction_required"],
    ["prompt=none among others", { prompt: "login none" }, "interaction_required"],
    ["an unknown resource", { resource: "https://evil.example/mcp" }, "invalid_target"],
    ["a resource that is no URL", { resource: "mcp" }, "invalid_target"],
    ["two resources", { resource: [`${issuer}/mcp`, `${issuer}/mcp`] }, "invalid_target"],
    ...[
      "response_type",
      "response_mode",
      "scope",
      "code_challenge",
      "code_challenge_method",
      "prompt",
      "login_hint",
    ].map((name): [string, Change, string] => [`${name} twice`, { [name]: ["a", "b"] }, "invalid_request"]),
  ])("%s, with its state", async (_, change, code) => {
    expect(await outcomeOf(change)).toEqual({
      outcome: "returned",
      refusal: expect.objectContaining({ code }),
      client: world.sealed.open(program),
      redirectUri: loopback,
      state: "s t/ä",
      automatic: true,
    });
  });

  test.each<[string, Change]>([
    ["two states", { state: ["1", "2"] }],
    ["a state that is too long", { state: "s".repeat(2_049) }],
  ])("%s, without a state", async (_, change) => {
    expect(await outcomeOf(change)).toMatchObject({
      outcome: "returned",
      refusal: { code: "invalid_request" },
      state: undefined,
    });
  });

  test("another grant type of a client of the operator", async () => {
    const outcome = await outcomeOf({ client_id: "machine", redirect_uri: "https://notes.example/cb" });
    expect(outcome).toMatchObject({ outcome: "returned", refusal: { code: "unauthorized_client" } });
  });

  test("named by the parameter, and never holds its value", async () => {
    const { refusal } = returned(await outcomeOf({ code_challenge: "<script>" }));
    expect(refusal.message).toMatch(/: code_challenge has to be SHA-256 in base64url$/);
  });
});

describe("an error needs a click", () => {
  test.each([
    ["no", "a loopback address", () => ({ redirect_uri: loopback }), true],
    ["no", "a scheme", () => ({ redirect_uri: "program:/cb" }), true],
    [
      "no",
      "an https address of the operator's client",
      () => ({ client_id: "notes", redirect_uri: "https://notes.example/cb" }),
      true,
    ],
    [
      "one",
      "an https address of a client that registered itself",
      () => ({ redirect_uri: "https://program.example/cb" }),
      false,
    ],
    [
      "one",
      "an https address of a client with a document",
      () => ({ client_id: documentId, redirect_uri: "https://app.example/cb" }),
      false,
    ],
  ] as const)("%s: %s", async (_, _target, change, automatic) => {
    expect(returned(await outcomeOf({ ...change(), response_type: "x" })).automatic).toBe(automatic);
  });
});

function returned(outcome: RequestCheck) {
  if (outcome.outcome !== "returned") throw new Error(outcome.outcome);
  return outcome;
}

test("any query has an outcome, and leads only to a redirect URI of its client", async () => {
  const names = [...queryOf().keys(), "scope", "prompt", "response_mode", "login_hint", "request"];
  const uri = fc.constantFrom(
    loopback,
    "program:/cb",
    "https://program.example/cb",
    "https://evil.example/",
    "http://localhost:1/x",
  );
  const id = fc.constantFrom("$program", documentId, "notes", "other", "machine");
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    uri,
    id,
    fc.constantFrom("code", "S256", challenge, "none"),
  );
  const parameter = fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string()), text);
  const dropped = fc.subarray(names);
  await fc.assert(
    fc.asyncProperty(
      dropped,
      fc.option(uri),
      fc.option(id),
      fc.array(parameter, { maxLength: 4 }),
      async (out, to, by, more) => {
        const query = queryOf({
          ...Object.fromEntries(out.map((name) => [name, undefined])),
          ...(to !== null && { redirect_uri: to }),
          ...(by !== null && { client_id: by.replace("$program", program) }),
        });
        for (const [name, value] of more) query.append(name, value);
        const outcome = await check(query, caller);
        if (outcome.outcome === "refused") {
          expect(outcome).not.toHaveProperty("redirectUri");
          return;
        }
        const { client, redirectUri, state } = outcome.outcome === "valid" ? outcome.request : outcome;
        expect(query.getAll("client_id")).toEqual([client.id]);
        expect(query.getAll("redirect_uri")).toEqual([redirectUri]);
        expect(client.redirectUris.some((own) => matches(own, redirectUri))).toBe(true);
        if (state !== undefined) expect(query.getAll("state")).toEqual([state]);
      },
    ),
    { numRuns: 500 },
  );
});
