import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createGuard, type Guard } from "@latchkey/guard";
import { jwtPart } from "@latchkey/testkit/server/auth-calls";
import { type Environment, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { SealedClients } from "../../src/core/oauth/sealed-clients.ts";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";
import { replicaEnvironment } from "../postgres/replica.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { objects } from "./json-lines.ts";
import { expectRefusal, expectUsageError } from "./refusal.ts";

const place = new Place({ commands: "here" });
const notes = "https://notes.example.com/mcp";
/** Without a configured issuer, a guard finds keys and ended sessions at the server's address. */
const atItsAddress: Environment = { LATCHKEY_ISSUER: "" };

interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

describe.for<[string, () => Promise<Environment>]>([
  ["SQLite", async () => ({ LATCHKEY_DATABASE: place.path("clients.db") })],
  ["PostgreSQL", async () => replicaEnvironment(await newDatabase())],
])("clients on %s", ([, database]) => {
  let env: Environment;
  let server: ServerProcess;
  const latchkey = (...args: string[]) => place.latchkey(args, { env });

  beforeAll(async () => {
    env = { ...(await database()), ...atItsAddress };
    server = await place.server({ env });
    await latchkey(
      "resource",
      "add",
      notes,
      "--name",
      "Notes",
      "--scope",
      "notes:read",
      "--scope",
      "notes:write",
    );
  });

  /** A machine with a secret. */
  async function machine(...flags: string[]) {
    const args = ["client", "add", "Nightly report", "--secret", "--grant", "client_credentials", "--json"];
    const { stdout, status } = await latchkey(...args, ...flags);
    expect(status).toBe(0);
    const [{ id, secret } = {}] = objects(stdout);
    return { id: String(id), secret: String(secret) };
  }

  async function token(fields: Readonly<Record<string, string>>): Promise<TokenAnswer> {
    const body = new URLSearchParams({ grant_type: "client_credentials", ...fields });
    const response = await fetch(`${server.url}/oauth/token`, { method: "POST", body });
    const answer: TokenAnswer["body"] = JSON.parse(await response.text());
    return { status: response.status, body: answer };
  }

  const tokenOf = (
    { id, secret }: { id: string; secret: string },
    more: Readonly<Record<string, string>> = {},
  ) => token({ client_id: id, client_secret: secret, resource: notes, ...more });

  const verdict = (guard: Guard, access: string) =>
    guard.verify(access).then(
      ({ userId }) => userId,
      (error: { code: string }) => error.code,
    );

  test("a machine gets a token of its own, for the resource, with its roles and scopes", async () => {
    const added = await machine("--role", "reporter", "--scope", "notes:read", "--scope", "notes:write");
    expect(added.id).toMatch(/^nightly-report-[0-9a-f]{12}$/);
    expect(added.secret).toMatch(/^lks_[\w-]{43}$/);
    const { status, body } = await tokenOf(added);
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: "Bearer",
      expires_in: 3590,
      scope: "notes:read notes:write",
    });
    expect(jwtPart(String(body["access_token"]), "claims")).toEqual({
      iss: server.url,
      sub: added.id,
      roles: ["reporter"],
      aud: notes,
      client_id: added.id,
      sid: expect.stringMatching(/^[\w-]{22}$/),
      scope: "notes:read notes:write",
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.any(String),
    });
    expect((await tokenOf(added, { scope: " notes:read claudeai" })).body["scope"]).toBe("notes:read");
  });

  test.for<[string, Readonly<Record<string, string>>, number, string]>([
    ["a wrong secret", { client_secret: "lks_wrong" }, 401, "invalid_client"],
    ["another machine's id", { client_id: "nightly-report-000000000000" }, 401, "invalid_client"],
    ["a scope that it does not have", { scope: "notes:write" }, 400, "invalid_scope"],
    ["an unknown resource", { resource: "https://other.example.com/mcp" }, 400, "invalid_target"],
    ["a code", { grant_type: "authorization_code" }, 400, "unauthorized_client"],
  ])("a machine with %s gets no token", async ([, fields, status, error]) => {
    const answer = await tokenOf(await machine("--scope", "notes:read"), fields);
    expect(answer).toMatchObject({ status, body: { error } });
    expect(answer.body).not.toHaveProperty("access_token");
  });

  test("a block kills a machine's tokens at a guard, and its later ones live", async () => {
    await using guard = createGuard({ issuer: server.url, audience: notes });
    const added = await machine();
    const access = String((await tokenOf(added)).body["access_token"]);
    expect(await verdict(guard, access)).toBe(added.id);

    expect(await latchkey("client", "block", added.id)).toMatchObject({
      status: 0,
      stdout: `blocked ${added.id}; all its sessions have ended\n`,
    });
    expect((await tokenOf(added)).body["error"]).toBe("invalid_client");
    await until(
      "the guard refuses the token",
      async () => (await verdict(guard, access)) === "token_revoked",
    );
    expect((await latchkey("client", "block", added.id)).stdout).toBe("this client was blocked already\n");

    expect((await latchkey("client", "unblock", added.id)).stdout).toBe(`unblocked ${added.id}\n`);
    const later = String((await tokenOf(added)).body["access_token"]);
    expect(await verdict(guard, later)).toBe(added.id);
    expect(await verdict(guard, access)).toBe("token_revoked");
    expect((await latchkey("client", "unblock", added.id)).stdout).toBe("this client was not blocked\n");
  });

  test("a removal kills a machine's tokens, and its id is void", async () => {
    await using guard = createGuard({ issuer: server.url, audience: notes });
    const added = await machine();
    const access = String((await tokenOf(added)).body["access_token"]);
    expect(await verdict(guard, access)).toBe(added.id);
    expect((await latchkey("client", "remove", added.id)).stdout).toMatch(/^removed nightly-report-/);
    expect((await tokenOf(added)).body["error"]).toBe("invalid_client");
    await until(
      "the guard refuses the token",
      async () => (await verdict(guard, access)) === "token_revoked",
    );
    expectRefusal(await latchkey("client", "remove", added.id), /there is no client nightly-report-/);
  });

  test("a new secret replaces the earlier one at once, and tokens go on", async () => {
    await using guard = createGuard({ issuer: server.url, audience: notes });
    const added = await machine();
    const access = String((await tokenOf(added)).body["access_token"]);
    const { stdout, stderr } = await latchkey("client", "secret", added.id);
    expect(stdout).toMatch(/^replaced the secret of nightly-report-\S+; .*\nsecret lks_[\w-]{43}\n$/);
    expect(stderr).toContain("shown only now");
    expect((await tokenOf(added)).body["error"]).toBe("invalid_client");
    const secret = /secret (lks_\S+)/.exec(stdout)?.[1] ?? "";
    expect((await tokenOf({ ...added, secret })).status).toBe(200);
    expect(await verdict(guard, access)).toBe(added.id);
    const [again] = objects((await latchkey("client", "secret", added.id, "--json")).stdout);
    expect(again).toEqual({ id: added.id, secret: expect.stringMatching(/^lks_[\w-]{43}$/) });
    expect((await tokenOf({ ...added, secret })).body["error"]).toBe("invalid_client");
    const trail = objects((await latchkey("audit", "--json", "--event", "client.secret_replaced")).stdout);
    expect(trail.slice(0, 2).map(({ client }) => client)).toEqual([added.id, added.id]);
    expect(JSON.stringify(trail)).not.toContain("lks_");
  });

  test("a machine proves its identity with a key, once for each assertion", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const file = place.path("robot.pem");
    writeFileSync(file, publicKey.export({ type: "spki", format: "pem" }));
    const { stdout } = await latchkey(
      ...["client", "add", "Robot", "--public-key", file, "--grant", "client_credentials", "--json"],
    );
    const [{ id, ...rest } = {}] = objects(stdout);
    expect(rest).toEqual({});
    const assertion = await new SignJWT({})
      .setProtectedHeader({ alg: "ES256" })
      .setIssuer(String(id))
      .setSubject(String(id))
      .setAudience(server.url)
      .setJti("one")
      .setExpirationTime("2m")
      .sign(privateKey);
    const proof = {
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: assertion,
      resource: notes,
    };
    expect(await token(proof)).toMatchObject({ status: 200, body: { token_type: "Bearer" } });
    expect(await token(proof)).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    expect(JSON.stringify(server.stdout())).not.toContain(assertion.slice(-20));
  });

  test("a removed resource gets no more tokens", async () => {
    const url = "https://old.example.com/mcp";
    const added = await machine();
    expect((await latchkey("resource", "add", url)).stdout).toBe(`added ${url}\n`);
    expect((await tokenOf(added, { resource: url })).status).toBe(200);
    expect((await latchkey("resource", "remove", `${url}/`)).stdout).toBe(`removed ${url}\n`);
    expect((await tokenOf(added, { resource: url })).body["error"]).toBe("invalid_target");
    expectRefusal(await latchkey("resource", "remove", url), /there is no resource/);
  });

  test("every change and every token is an event with its client", async () => {
    const added = await machine();
    await tokenOf(added);
    await latchkey("client", "block", added.id);
    await latchkey("client", "unblock", added.id);
    await latchkey("client", "remove", added.id);
    const events = () =>
      objects(server.stdout())
        .filter(({ client }) => client === added.id)
        .map(({ event, address }) => [event, address]);
    const expected = [
      ["client.added", "cli"],
      ["token.issued", "127.0.0.1"],
      ["client.blocked", "cli"],
      ["client.unblocked", "cli"],
      ["client.removed", "cli"],
    ];
    await until("the server logs all five", () => events().length >= expected.length);
    expect(events().sort()).toEqual(expected.sort());
    expect(server.stdout()).not.toContain(added.secret);
  });
});

describe("the lists", () => {
  const env = { LATCHKEY_DATABASE: place.path("lists.db"), ...atItsAddress };
  const latchkey = (...args: string[]) => place.latchkey(args, { env });
  const ids: string[] = [];
  beforeAll(async () => {
    await (await place.server({ env })).stop();
    for (const name of ["Alpha", "Beta", "Gamma"]) {
      const { stdout } = await latchkey(
        "client",
        "add",
        name,
        "--redirect",
        "http://localhost/callback",
        "--json",
      );
      ids.push(...objects(stdout).map(({ id }) => String(id)));
    }
    for (const url of ["https://b.example.com", "https://a.example.com/mcp"])
      await latchkey("resource", "add", url, "--scope", "x:read", "--scope", "x:read", "--name", "The API");
  });

  test("of clients has a row for each, in pages too", async () => {
    const [first = ""] = ids;
    const { stdout } = await latchkey("client", "list");
    expect(stdout).toMatch(/^ID +NAME +ADDED BY +STATUS +SESSIONS$/m);
    expect(stdout).toMatch(new RegExp(`^${first} +Alpha +operator +active +0$`, "m"));
    const page = await latchkey("client", "list", "--json", "--limit", "1", "--after", first);
    expect(objects(page.stdout)).toEqual([
      { id: ids[1], name: "Beta", added: true, blocked_at: null, live_sessions: 0 },
    ]);
    expect(page.stderr).toContain(`--after ${ids[1]}`);
  });

  test("show all that one client may do, and never its secret", async () => {
    const added = await latchkey(
      ...["client", "add", "Worker", "--redirect", "https://w.example.com/cb", "--secret", "--json"],
      ...["--grant", "client_credentials", "--role", "reporter", "--scope", "x:read", "--scope", "x:write"],
    );
    const [{ id } = {}] = objects(added.stdout);
    const shown = await latchkey("client", "show", String(id), "--json");
    expect(objects(shown.stdout)).toEqual([
      {
        id,
        name: "Worker",
        added: true,
        blocked_at: null,
        live_sessions: 0,
        redirect_uris: ["https://w.example.com/cb"],
        grant_types: ["authorization_code", "refresh_token", "client_credentials"],
        authentication: "secret",
        roles: ["reporter"],
        scopes: ["x:read", "x:write"],
        created_at: expect.stringMatching(/Z$/),
      },
    ]);
    const block = (await latchkey("client", "show", String(id))).stdout;
    expect(block).toMatch(/^ID +worker-\w+\nNAME +Worker\n/);
    expect(block).toMatch(/^SCOPES +x:read x:write$/m);
    await latchkey("client", "remove", String(id));
  });

  test("show a client that registered itself by the claim in its id", async () => {
    const sealed = new SealedClients(deriveKeys("a secret that this database does not know"));
    const redirectUris = ["https://self.example.com/cb"];
    const id = sealed.seal({ method: "client_secret_post", name: "Self", redirectUris })?.id ?? "";
    const shown = await latchkey("client", "show", id, "--json");
    expect(objects(shown.stdout)).toEqual([
      expect.objectContaining({
        added: false,
        redirect_uris: redirectUris,
        grant_types: ["authorization_code", "refresh_token"],
        authentication: "secret",
      }),
    ]);
    expect((await latchkey("client", "block", id)).status).toBe(0);
    expect((await latchkey("client", "unblock", id)).status).toBe(0);
    const document = await latchkey("client", "show", "https://app.example.com/client.json");
    expect(document.stderr).toContain("a document at its id describes it");
  });

  test("of clients shows those that were blocked before their first session", async () => {
    const id = "https://app.example.com/client.json";
    expect((await latchkey("client", "block", id)).status).toBe(0);
    const list = async () => objects((await latchkey("client", "list", "--json")).stdout);
    expect(await list()).toContainEqual({
      id,
      name: "app.example.com",
      added: false,
      blocked_at: expect.stringMatching(/Z$/),
      live_sessions: 0,
    });
    expectRefusal(await latchkey("client", "remove", id), /was not added here/);
    expect((await latchkey("client", "unblock", id)).stdout).toBe(`unblocked ${id}\n`);
    expect((await list()).map((client) => client["id"])).not.toContain(id);
  });

  test("of resources is in the order of their URLs", async () => {
    expect(objects((await latchkey("resource", "list", "--json")).stdout)).toEqual(
      ["https://a.example.com/mcp", "https://b.example.com"].map((url) => ({
        url,
        name: "The API",
        scopes: ["x:read"],
        created_at: expect.stringMatching(/Z$/),
      })),
    );
    expect((await latchkey("resource", "list")).stdout).toMatch(/^URL +NAME +SCOPES$/m);
  });

  test("of resources changes with a repeated call, which has to spell the URL as before", async () => {
    const added = await latchkey("resource", "add", "https://c.example.com/mcp", "--scope", "a");
    expect(added).toMatchObject({ status: 0, stderr: "" });
    const replaced = await latchkey("resource", "add", "https://c.example.com/mcp");
    expect(replaced.stdout).toBe("replaced the name and the scopes of https://c.example.com/mcp\n");
    expectRefusal(
      await latchkey("resource", "add", "https://C.example.com/mcp/"),
      /https:\/\/c\.example\.com\/mcp is there already/,
    );
    expect((await latchkey("resource", "list")).stdout).toMatch(/^https:\/\/c\.example\.com\/mcp *$/m);
  });

  test("of resources says what a repeated call has taken away", async () => {
    const url = "https://d.example.com/mcp";
    const add = (...flags: string[]) => latchkey("resource", "add", url, ...flags);
    expect((await add("--name", "Notes", "--scope", "a", "--scope", "b")).stderr).toBe("");
    expect((await add("--name", "Notes", "--scope", "b", "--scope", "a", "--scope", "c")).stderr).toBe("");
    expect((await add("--scope", "b")).stderr).toBe(
      "latchkey: its name was Notes before: --name gives it one again\n" +
        "latchkey: its scopes were b a c before: a c are gone\n",
    );
    expect((await add("--name", "Other", "--scope", "b")).stderr).toBe("");
    await latchkey("resource", "remove", url);
  });

  test("warn of a resource whose tokens travel in plain text", async () => {
    const { status, stderr } = await latchkey("resource", "add", "http://10.0.0.1:3000/mcp");
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/^latchkey: tokens for it travel in plain text/),
    ]);
    expect((await latchkey("resource", "add", "http://localhost:3000/mcp")).stderr).toBe("");
  });
});

describe("a command is refused in one line", () => {
  const env = { LATCHKEY_DATABASE: place.path("refused.db"), ...atItsAddress };
  const latchkey = (args: readonly string[]) => place.latchkey(args, { env });
  const machine = ["--grant", "client_credentials"];
  const redirect = ["--redirect", "https://app.example.com/callback"];
  const file = (name: string, text: string) => {
    const path = place.path(name);
    writeFileSync(path, text);
    return path;
  };
  const pem = (bits: number, type: "public" | "private") => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
    return type === "public"
      ? publicKey.export({ type: "spki", format: "pem" }).toString()
      : privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  };
  const longKey = JSON.stringify({
    kty: "RSA",
    n: Buffer.alloc(513, 255).toString("base64url"),
    e: "AQAB",
  });

  beforeAll(async () => {
    await (await place.server({ env })).stop();
  });

  test.for<[string, readonly string[], RegExp]>([
    ["without a redirect URI", [], /needs a redirect URI, or client credentials/],
    [
      "with a redirect URI in plain text",
      ["--redirect", "http://app.example.com/cb"],
      /is not accepted: use https/,
    ],
    ["with a redirect URI that runs a script", ["--redirect", "javascript:alert(1)"], /is not accepted/],
    ["with a fragment in its redirect URI", ["--redirect", "https://a.example/#x"], /is not accepted/],
    ["as a machine without a proof", machine, /client credentials need a secret or a public key/],
    [
      "with roles of people",
      [...redirect, "--role", "admin"],
      /roles and scopes are those of client credentials/,
    ],
    ["with a bad role", [...machine, "--secret", "--role", "no role"], /a role has up to 64 letters/],
    ["with a bad scope", [...machine, "--secret", "--scope", "a b"], /"a b" is not a scope/],
    ["with the scope openid", [...machine, "--secret", "--scope", "openid"], /"openid" is not a scope/],
    [
      "with keys at an http address",
      [...redirect, "--jwks-url", "http://a.example/keys"],
      /is an https:\/\/ URL/,
    ],
    [
      "with a key file that is missing",
      [...redirect, "--public-key", place.path("none")],
      /cannot be read \(ENOENT\)/,
    ],
    ["with a folder for a key", [...redirect, "--public-key", place.directory], /cannot be read \(EISDIR\)/],
    [
      "with a private key",
      [...redirect, "--public-key", file("private.pem", pem(2048, "private"))],
      /a private key/,
    ],
    [
      "with a private JWK",
      [...redirect, "--public-key", file("d.jwk", '{"kty":"OKP","d":"x"}')],
      /a private key/,
    ],
    [
      "with a shared key",
      [...redirect, "--public-key", file("k.jwk", '{"kty":"oct","k":"x"}')],
      /a private key/,
    ],
    [
      "with a short key",
      [...redirect, "--public-key", file("short.pem", pem(1024, "public"))],
      /2048 to 4096 bits/,
    ],
    [
      "with an RSA key that is too long",
      [...redirect, "--public-key", file("long.jwk", longKey)],
      /2048 to 4096 bits/,
    ],
    ["with a text for a key", [...redirect, "--public-key", file("text", "hello")], /expected a public key/],
    ["with broken JSON for a key", [...redirect, "--public-key", file("json", "{")], /expected a public key/],
    ["with an empty key set", [...redirect, "--public-key", file("set", '{"keys":[]}')], /holds no key/],
  ])("client add %s", async ([, flags, why]) => {
    const result = await latchkey(["client", "add", "App", ...flags]);
    expectRefusal(result, why);
    expect((await latchkey(["client", "list", "--json"])).stdout).toBe("");
  });

  test("client add with an invisible name", async () => {
    for (const name of [" App", "App\u202e", "x".repeat(101)])
      expectRefusal(await latchkey(["client", "add", name, ...redirect]), /the name of a client/);
  });

  test.for<[string, readonly string[], RegExp]>([
    [
      "with two proofs",
      ["client", "add", "App", ...redirect, "--secret", "--jwks-url", "x"],
      /exclude one another/,
    ],
    ["with an unknown grant", ["client", "add", "App", "--grant", "password"], /--grant=password: expected/],
    ["without its name", ["client", "add"], /latchkey client add NAME/],
    ["without its id", ["client", "block"], /latchkey client block ID/],
    ["without its URL", ["resource", "add"], /latchkey resource add URL/],
  ])("as a usage error %s", async ([, args, why]) => {
    expectUsageError(await latchkey(args), why);
  });

  test.for(["block", "unblock", "remove"])("client %s of an unknown id", async (verb) => {
    expectRefusal(await latchkey(["client", verb, "no-such-client"]), /there is no client no-such-client/);
  });

  test.for(["lkc_garbage", "lkc_", `lkc_${"A".repeat(80)}`, `lkc_${"x".repeat(3000)}`])(
    "client block of %s, which no client can have",
    async (id) => {
      expectRefusal(
        await latchkey(["client", "block", id]),
        /no client can have the id lkc_.*copy the whole/,
      );
      expect((await latchkey(["client", "list", "--json"])).stdout).toBe("");
    },
  );

  test.for(["show", "secret"])("client %s of an unknown id", async (verb) => {
    expectRefusal(await latchkey(["client", verb, "no-such-client"]), /there is no client no-such-client/);
  });

  test("client secret of a client without one", async () => {
    const { stdout } = await latchkey(["client", "add", "Public", ...redirect, "--json"]);
    const id = String(objects(stdout)[0]?.["id"]);
    expectRefusal(await latchkey(["client", "secret", id]), /proves its identity without a secret/);
    expectRefusal(await latchkey(["client", "secret", "https://a.example/c.json"]), /was not added here/);
    await latchkey(["client", "remove", id]);
  });

  test.for<[string, readonly string[], RegExp]>([
    ["of a text", ["notes"], /a resource is named by an https/],
    ["with a fragment", ["https://a.example/#x"], /a resource is named by/],
    ["with a user", ["https://u:p@a.example/"], /a resource is named by/],
    ["that is too long", [`https://a.example/${"x".repeat(512)}`], /at most 512 characters/],
    ["with a bad scope", ["https://a.example", "--scope", 'a"b'], /is not a scope/],
    [
      "with too many scopes",
      ["https://a.example", ...scopes(20)],
      /the scopes have \d+ characters, and 1024 fit/,
    ],
    ["with an invisible name", ["https://a.example", "--name", "A\u200b"], /the name of a resource/],
    ["of the administration", ["http://localhost:8000/admin/v1/"], /is the administration of this server/],
    ["of the server's own tools", ["http://127.0.0.1:8000/mcp"], /has the tools of this server/],
    [
      "of the issuer",
      ["https://Login.example:443/", "--issuer", "https://login.example"],
      /is the issuer, the audience/,
    ],
  ])("resource add %s", async ([, args, why]) => {
    expectRefusal(await latchkey(["resource", "add", ...args]), why);
  });
});

/** Options for so many scopes of sixty characters. */
function scopes(count: number): string[] {
  return Array.from({ length: count }, (_, n) => ["--scope", `${n}`.padStart(60, "s")]).flat();
}
