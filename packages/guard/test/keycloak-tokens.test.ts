import { codeOf, TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { createGuard, type Guard, type GuardOptions } from "../src/index.ts";
import { json, OwnIssuer } from "./own-issuer.ts";

const issuer = await TestIssuer.make();

/** The claims of an access token from a Keycloak realm for its client `latchkey`. */
const ofKeycloak = {
  typ: "Bearer",
  aud: "account",
  azp: "latchkey",
  roles: undefined,
  realm_access: { roles: ["offline_access", "default-roles-demo", "uma_authorization", "user"] },
  resource_access: {
    account: { roles: ["manage-account"] },
    latchkey: { roles: ["editor", "user"] },
    notes: { roles: ["reader"] },
  },
};
const token = (claims: object = {}) =>
  issuer.token({ claims: { ...ofKeycloak, ...claims }, header: { typ: "JWT" } });

/** A guard with the test's options alone. */
function guard(options: Partial<GuardOptions>): Guard {
  return createGuard({
    issuer: issuer.issuer,
    keys: { get: () => issuer.publicKey },
    revocations: { isRevoked: () => false },
    now: () => issuer.now,
    ...options,
  });
}

describe("a token is accepted by the client that it was issued to", () => {
  const parties: readonly (readonly [string, Partial<GuardOptions>, object, string])[] = [
    ["the client", { authorizedParty: "latchkey" }, {}, "accepted"],
    ["one of several clients", { authorizedParty: ["notes", "latchkey"] }, {}, "accepted"],
    ["another client", { authorizedParty: "notes" }, {}, "invalid_token"],
    ["a client of the same beginning", { authorizedParty: "latch" }, {}, "invalid_token"],
    ["no client", { authorizedParty: "latchkey" }, { azp: undefined }, "invalid_token"],
    ["a list of clients", { authorizedParty: "latchkey" }, { azp: ["latchkey"] }, "invalid_token"],
    [
      "RFC 9068's client_id",
      { authorizedParty: "latchkey" },
      { azp: undefined, client_id: "latchkey" },
      "accepted",
    ],
    [
      "azp before client_id",
      { authorizedParty: "latchkey" },
      { azp: "notes", client_id: "latchkey" },
      "invalid_token",
    ],
    ["no audience at all", { authorizedParty: "latchkey" }, { aud: undefined }, "accepted"],
    ["client and audience", { authorizedParty: "latchkey", audience: "account" }, {}, "accepted"],
    ["client, but another audience", { authorizedParty: "latchkey", audience: "notes" }, {}, "invalid_token"],
    ["audience, but another client", { authorizedParty: "notes", audience: "account" }, {}, "invalid_token"],
  ];
  test.each(parties)("%s", async (_name, options, claims, expected) => {
    expect(await codeOf(guard(options).verify(await token(claims)))).toBe(expected);
  });
});

describe("roles are those of the realm and of the configured clients", () => {
  test.each<[string, Partial<GuardOptions>, readonly string[]]>([
    ["realm alone", { audience: "account-of-nobody" }, ["user"]],
    [
      "an authorised party",
      { authorizedParty: "latchkey", audience: "account-of-nobody" },
      ["user", "editor"],
    ],
    ["an audience", { audience: ["account-of-nobody", "notes"] }, ["user", "reader"]],
  ])("%s", async (_name, options, roles) => {
    const principal = await guard(options).verify(await token({ aud: "account-of-nobody" }));
    expect(principal.roles).toEqual(roles);
  });

  test("a `roles` claim replaces them", async () => {
    const judge = guard({ authorizedParty: "latchkey", audience: "account" });
    expect((await judge.verify(await token({ roles: ["admin"] }))).roles).toEqual(["admin"]);
  });

  test.each([[null], [5], ["latchkey"], [{ latchkey: null }], [{ latchkey: { roles: "editor" } }], [[]]])(
    "resource_access %j gives no roles",
    async (access) => {
      const judge = guard({ authorizedParty: "latchkey", audience: "account" });
      expect((await judge.verify(await token({ resource_access: access }))).roles).toEqual(["user"]);
    },
  );

  test("a client named like a property of every object has no roles", async () => {
    const claims = { azp: "constructor" };
    const judge = guard({ authorizedParty: "constructor" });
    expect((await judge.verify(await token(claims))).roles).toEqual(["user"]);
  });
});

describe("metadata at another address than the issuer", () => {
  const realm = "https://keycloak.example/realms/demo";

  async function inFront(): Promise<OwnIssuer> {
    const latchkey = await OwnIssuer.start();
    latchkey.discovery = { ...latchkey.discovery, issuer: realm };
    return latchkey;
  }

  test("keys and feed are found there, and the issuer must match", async () => {
    await using latchkey = await inFront();
    // An issuer with TLS may not name keys over plain HTTP.
    latchkey.discovery = { ...latchkey.discovery, issuer: "http://keycloak.example/realms/demo" };
    const own = { iss: "http://keycloak.example/realms/demo" };
    await using judge = latchkey.guard({
      issuer: own.iss,
      discoverAt: latchkey.url,
      authorizedParty: "latchkey",
    });
    const good = await latchkey.token({ claims: { ...ofKeycloak, ...own }, header: { typ: "JWT" } });
    expect(await codeOf(judge.verify(good))).toBe("accepted");
    const foreign = { ...ofKeycloak, iss: latchkey.url };
    const other = await latchkey.token({ claims: foreign, header: { typ: "JWT" } });
    expect(await codeOf(judge.verify(other))).toBe("invalid_token");
    latchkey.end("session-1");
    await expect.poll(() => codeOf(judge.verify(good))).toBe("token_revoked");
  });

  test("the metadata there must name the issuer", async () => {
    await using latchkey = await OwnIssuer.start();
    await using judge = latchkey.guard({ issuer: realm, discoverAt: latchkey.url });
    expect(await codeOf(judge.verify(await latchkey.token()))).toBe("keys_unavailable");
  });

  test("the feed must have the origin of the metadata", async () => {
    await using latchkey = await inFront();
    latchkey.answers.set(
      "/.well-known/openid-configuration",
      json(() => ({
        issuer: realm,
        jwks_uri: "https://keycloak.example/keys",
        latchkey_revocations_endpoint: `${realm}/r`,
      })),
    );
    await using judge = latchkey.guard({ issuer: realm, discoverAt: latchkey.url });
    expect(await codeOf(judge.verify(await latchkey.token()))).toBe("keys_unavailable");
    expect(judge.health().keys.problem).toBe(
      "discovery: latchkey_revocations_endpoint has another origin than the issuer",
    );
  });
});

test("a new key is found at once, and invented kids cost the issuer little", async () => {
  await using own = await OwnIssuer.start();
  await using judge = own.guard();
  await judge.verify(await own.token());
  const before = own.asked("/keys");
  own.keys.push({ ...own.keys[0], kid: "k2" });
  expect(await codeOf(judge.verify(await own.token({ header: { kid: "k2" } })))).toBe("accepted");
  for (const kid of ["x", "y", "z"]) {
    expect(await codeOf(judge.verify(await own.token({ header: { kid } })))).toBe("invalid_token");
  }
  expect(own.asked("/keys")).toBe(before + 1);
});

test.each([[""], [[]], [[""]], [5], [null]])(
  "authorizedParty %j is refused in one line",
  (authorizedParty) => {
    expect(() => issuer.guard({ authorizedParty } as never)).toThrow("createGuard: authorizedParty must be");
  },
);
