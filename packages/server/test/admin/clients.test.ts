import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimsOf, send } from "../api/api-case.ts";
import { basic, clientTokens, form, register } from "../api/oauth-world.ts";
import { type AdminWorld, adminWorld } from "./admin-world.ts";

let world: AdminWorld;
let root: string;
beforeAll(async () => {
  world = await adminWorld();
  root = await world.tokenOf("root");
});
afterAll(() => world[Symbol.asyncDispose]());

const robot = { name: "Robot", authentication: "secret", machine: true, scopes: ["users:read"] };

async function add(body: object = robot, token = root) {
  const { status, body: client } = await world.ask(token, { method: "POST", path: "/clients", body });
  expect(status).toBe(201);
  return { id: String(client["id"]), secret: String(client["secret"]), client };
}

/** The status of a machine's token request. */
async function tokenStatus({ id, secret }: { readonly id: string; readonly secret: string }) {
  const request = form("/oauth/token", { grant_type: "client_credentials" }, basic(id, secret));
  return (await send(world.server, "", request)).status;
}

describe("a client", () => {
  test("is added with a secret, which no later answer shows", async () => {
    const { id, secret, client } = await add();
    expect(client).toMatchObject({
      name: "Robot",
      added: true,
      authentication: "secret",
      scopes: ["users:read"],
    });
    expect(await tokenStatus({ id, secret })).toBe(200);
    const shown = await world.ask(root, { method: "GET", path: `/clients/${id}` });
    expect(shown.body).toEqual(
      Object.fromEntries(Object.entries(client).filter(([name]) => name !== "secret")),
    );
    const list = await world.ask(root, { method: "GET", path: "/clients" });
    expect(list.text).toContain(id);
    expect(list.text).not.toContain("lks_");
  });

  test("gets a new secret, and the earlier one stops at once", async () => {
    const { id, secret } = await add();
    const answer = await world.expectAnswer(
      root,
      { method: "POST", path: `/clients/${id}/secret` },
      { status: 200, events: ["client.secret_replaced"] },
    );
    expect(await tokenStatus({ id, secret })).toBe(401);
    expect(await tokenStatus({ id, secret: String(answer.body["secret"]) })).toBe(200);
  });

  test("without a secret gets none: the refusal names the reason", async () => {
    const { id } = await add({ name: "Page", redirect_uris: ["https://page.example/cb"] });
    const refused = { status: 422, code: "validation_error" };
    const answer = await world.expectAnswer(root, { method: "POST", path: `/clients/${id}/secret` }, refused);
    expect(answer.text).toContain("without a secret");
  });

  test("is blocked, which ends its own tokens, and unblocked", async () => {
    const { id, secret } = await add({ ...robot, scopes: ["keys:read"] });
    const resource = `${world.server.url}/admin/v1`;
    const asked = form("/oauth/token", { grant_type: "client_credentials", resource }, basic(id, secret));
    const token = String((await send(world.server, "", asked)).body["access_token"]);
    expect((await world.ask(token, { method: "GET", path: "/keys" })).status).toBe(200);
    const blocked = await world.ask(root, { method: "POST", path: `/clients/${id}/block` });
    expect(blocked.body["blocked_at"]).toEqual(expect.any(String));
    const refused = await world.ask(token, { method: "GET", path: "/keys" });
    expect(refused.body).toMatchObject({ code: "token_revoked" });
    await world.ask(root, { method: "POST", path: `/clients/${id}/unblock` });
    expect(await tokenStatus({ id, secret })).toBe(200);
  });

  test("is removed, and is unknown from then on", async () => {
    const { id, secret } = await add();
    const remove = { method: "DELETE", path: `/clients/${id}` } as const;
    await world.expectAnswer(root, remove, { status: 200, events: ["client.removed"] });
    await world.expectAnswer(root, remove, { status: 404, code: "not_found" });
    expect(await tokenStatus({ id, secret })).toBe(401);
  });

  test("with a URL as its id is blocked by the percent-encoded id", async () => {
    const id = "https://editor.example/client.json";
    const path = `/clients/${encodeURIComponent(id)}/block` as const;
    const { status, body } = await world.ask(root, { method: "POST", path });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { id, added: false, name: "editor.example" },
    });
    const shown = await world.ask(root, { method: "GET", path: `/clients/${encodeURIComponent(id)}` });
    expect(shown.body).toMatchObject({ id, added: false });
    const plain = await world.ask(root, { method: "GET", path: `/clients/${id}` });
    expect(plain.status).toBe(404);
  });

  test("that registered itself is shown while it has a session", async () => {
    const { id } = await register(world.server, {
      token_endpoint_auth_method: "none",
      client_name: "A client with a long name, ".repeat(3).trim(),
    });
    expect(id.length).toBeGreaterThan(100);
    await clientTokens(world.server, id);
    const shown = await world.ask(root, { method: "GET", path: `/clients/${id}` });
    expect(shown.body).toMatchObject({ id, added: false, live_sessions: 1 });
  });

  test("is refused with the broken field or the broken rule", async () => {
    for (const [body, text] of [
      [{ ...robot, secrets: true }, "body.secrets: Unknown field"],
      [{ ...robot, machine: "yes" }, "body.machine: Input should be a valid boolean"],
      [
        { ...robot, authentication: "password" },
        "body.authentication: Input should be one of none, secret, jwks, jwks_uri",
      ],
      [{ name: "Nothing" }, "a client needs a redirect URI"],
      [{ ...robot, authentication: "jwks_uri" }, "body.jwks_uri"],
      [{ ...robot, authentication: "none" }, "client credentials need a secret"],
      [JSON.parse('{"name":"x","__proto__":{"machine":true}}'), "body.__proto__: Unknown field"],
    ] as const) {
      const answer = await world.ask(root, {
        method: "POST",
        path: "/clients",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      });
      expect(answer.status).toBe(422);
      expect(answer.body["message"]).toContain(text);
    }
  });
});

describe("nobody gives away more power than they have", () => {
  test("a machine adds no machine with other scopes of the administration", async () => {
    const token = await world.machine("clients:write", "users:read");
    const body = (scopes: readonly string[]) => ({ ...robot, scopes });
    const status = async (scopes: readonly string[]) =>
      (await world.ask(token, { method: "POST", path: "/clients", body: body(scopes) })).status;
    expect(await status(["users:read"])).toBe(201);
    expect(await status(["notes:read"])).toBe(201);
    expect(await status(["users:read", "users:write"])).toBe(403);
    expect(await status(["roles:write"])).toBe(403);
  });

  test("a machine without the power over roles gives none", async () => {
    const token = await world.machine("clients:write");
    const request = {
      method: "POST",
      path: "/clients",
      body: { ...robot, scopes: [], roles: ["admin"] },
    } as const;
    await world.expectAnswer(token, request, { status: 403, code: "forbidden" });
    const other = await world.machine("clients:write", "roles:write");
    await world.expectAnswer(other, request, { status: 201, events: ["client.added"] });
  });

  test("a machine gets no secret of a stronger one", async () => {
    const token = await world.machine("clients:write");
    for (const client of [await add(), await add({ ...robot, scopes: [], roles: ["reader"] })])
      await world.expectAnswer(
        token,
        { method: "POST", path: `/clients/${client.id}/secret` },
        { status: 403, code: "forbidden" },
      );
  });
});

describe("a creating request under a key", () => {
  const request = (key: string, name = "Once") =>
    ({
      method: "POST",
      path: "/clients",
      body: { ...robot, name },
      headers: { "idempotency-key": key },
    }) as const;

  test("is answered once: a repeat gets the same secret", async () => {
    const first = await world.expectAnswer(root, request('"one"'), { status: 201, events: ["client.added"] });
    const again = await world.expectAnswer(root, request('"one"'), { status: 201, events: [] });
    expect(again.body).toEqual(first.body);
  });

  test("with another body is refused", async () => {
    await world.ask(root, request("two"));
    const refused = { status: 422, code: "idempotency_key_reused" };
    await world.expectAnswer(root, request("two", "Other"), refused);
  });

  test("is another caller's own", async () => {
    const token = await world.machine("clients:write", "users:read");
    const [one, other] = [await world.ask(root, request("three")), await world.ask(token, request("three"))];
    expect(other.status).toBe(201);
    expect(other.body["id"]).not.toBe(one.body["id"]);
  });

  test("of twenty at once, one creates; the others get its answer or a refusal", async () => {
    world.server.newEvents();
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.ask(root, request("four"))));
    const created = answers.filter(({ status }) => status === 201);
    expect(new Set(created.map(({ body }) => body["id"])).size).toBe(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(answer.body).toMatchObject({ code: "request_in_progress" });
      expect(answer.headers.get("retry-after")).toBe("1");
    }
    expect(world.server.newEvents().map(({ name }) => name)).toEqual(["client.added"]);
  });

  test("leaves the key free if it was refused", async () => {
    const refused = { ...request("five"), body: { ...robot, name: "" } };
    expect((await world.ask(root, refused)).status).toBe(422);
    expect((await world.ask(root, request("five"))).status).toBe(201);
  });

  test("is forgotten after a day", async () => {
    const first = await world.ask(root, request("six"));
    world.server.advance(86_400_000);
    const later = await world.tokenOf("root");
    expect((await world.ask(later, request("six"))).body["id"]).not.toBe(first.body["id"]);
    root = later;
  });

  test("needs a key of printable ASCII", async () => {
    for (const key of ["", "x".repeat(256), "é"])
      expect((await world.ask(root, request(key))).status).toBe(422);
  });
});

test("tokens of a client for another resource open nothing here", async () => {
  const { id, secret } = await add({ ...robot, roles: ["admin"], scopes: ["users:read", "keys:read"] });
  const request = form("/oauth/token", { grant_type: "client_credentials" }, basic(id, secret));
  const token = String((await send(world.server, "", request)).body["access_token"]);
  expect(claimsOf(token)["aud"]).toBe(`${world.server.url}/mcp`);
  await world.expectAnswer(token, { method: "GET", path: "/keys" }, { status: 401, code: "invalid_token" });
});
