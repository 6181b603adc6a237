import { passwords } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { powers } from "../../src/core/people/powers.ts";
import { type ApiRequest, claimsOf, signIn } from "../api/api-case.ts";
import { type AdminWorld, adminWorld } from "./admin-world.ts";

let world: AdminWorld;
let root: string;
let machine: string;
beforeAll(async () => {
  const mail = { MAIL_FROM: "login@example.com", SMTP_URL: "smtp://127.0.0.1:9" };
  world = await adminWorld({ ...mail, SIGN_UP: "invitation" });
  [root, machine] = [await world.tokenOf("root"), await world.machine(...powers)];
});
afterAll(() => world[Symbol.asyncDispose]());

const password = "orange tractor sings";
let count = 0;
const newName = () => `person${count++}`;
const onPath = (kind: "users" | "clients" | "sessions", id: string) =>
  `/${kind}/${encodeURIComponent(id)}` as const;

async function created(request: ApiRequest): Promise<string> {
  const { status, body } = await world.ask(root, request);
  expect(status).toBe(201);
  return String(body["id"]);
}

const user = (username: string) => ({ username, email: `${username}@example.com`, password });
const newUser = async () =>
  onPath("users", await created({ method: "POST", path: "/users", body: user(newName()) }));
const robot = { name: "Robot", authentication: "secret", machine: true, scopes: ["users:read"] };
const newClient = async () =>
  onPath("clients", await created({ method: "POST", path: "/clients", body: robot }));
const newSession = async () =>
  String(claimsOf((await signIn(world.server, "alice", passwords.alice)).access)["sid"]);

let resources = 0;
const newResource = () =>
  `/resources/${encodeURIComponent(`https://notes${resources++}.example.com/`)}` as const;

/** Every change of the document, as a request that makes it, with its event. */
const changes: Readonly<Record<string, readonly [request: () => Promise<ApiRequest>, event: string]>> = {
  "POST /users": [async () => ({ method: "POST", path: "/users", body: user(newName()) }), "user.added"],
  "PATCH /users/{id}": [
    async () => ({ method: "PATCH", path: await newUser(), body: { display_name: "A name" } }),
    "user.changed",
  ],
  "PUT /users/{id}/password": [
    async () => ({
      method: "PUT",
      path: `${await newUser()}/password`,
      body: { password: "silver teapot dances" },
    }),
    "user.password_changed",
  ],
  "POST /users/{id}/disable": [
    async () => ({ method: "POST", path: `${await newUser()}/disable` }),
    "user.disabled",
  ],
  "POST /users/{id}/enable": [
    async () => {
      const path = await newUser();
      await world.ask(root, { method: "POST", path: `${path}/disable` });
      return { method: "POST", path: `${path}/enable` };
    },
    "user.enabled",
  ],
  "POST /users/{id}/unlock": [
    async () => ({ method: "POST", path: `${await newUser()}/unlock` }),
    "user.unlocked",
  ],
  "POST /users/{id}/reset": [
    async () => ({ method: "POST", path: `${await newUser()}/reset` }),
    "reset.requested",
  ],
  "DELETE /users/{id}/sessions": [
    async () => {
      await newSession();
      return { method: "DELETE", path: `${onPath("users", "user:alice")}/sessions` };
    },
    "sessions.ended",
  ],
  "DELETE /users/{id}": [async () => ({ method: "DELETE", path: await newUser() }), "user.removed"],
  "POST /users/{id}/erase": [
    async () => ({ method: "POST", path: `${await newUser()}/erase` }),
    "user.erased",
  ],
  "POST /invitations": [
    async () => ({ method: "POST", path: "/invitations", body: { email: `${newName()}@example.org` } }),
    "user.invited",
  ],
  "DELETE /invitations/{id}": [
    async () => {
      const body = { email: `${newName()}@example.org` };
      const invited = await world.ask(root, { method: "POST", path: "/invitations", body });
      return { method: "DELETE", path: `/invitations/${String(invited.body["id"])}` };
    },
    "user.uninvited",
  ],
  "DELETE /sessions/{id}": [
    async () => ({ method: "DELETE", path: onPath("sessions", await newSession()) }),
    "session.ended",
  ],
  "POST /keys/rotate": [
    async () => ({ method: "POST", path: "/keys/rotate", body: { force: true } }),
    "key.rotated",
  ],
  "POST /clients": [async () => ({ method: "POST", path: "/clients", body: robot }), "client.added"],
  "POST /clients/{id}/block": [
    async () => ({ method: "POST", path: `${await newClient()}/block` }),
    "client.blocked",
  ],
  "POST /clients/{id}/unblock": [
    async () => {
      const path = await newClient();
      await world.ask(root, { method: "POST", path: `${path}/block` });
      return { method: "POST", path: `${path}/unblock` };
    },
    "client.unblocked",
  ],
  "POST /clients/{id}/secret": [
    async () => ({ method: "POST", path: `${await newClient()}/secret` }),
    "client.secret_replaced",
  ],
  "DELETE /clients/{id}": [async () => ({ method: "DELETE", path: await newClient() }), "client.removed"],
  "PUT /resources/{url}": [
    async () => ({ method: "PUT", path: newResource(), body: { scopes: ["notes:read"] } }),
    "resource.added",
  ],
  "DELETE /resources/{url}": [
    async () => {
      const path = newResource();
      await world.ask(root, { method: "PUT", path, body: { scopes: [] } });
      return { method: "DELETE", path };
    },
    "resource.removed",
  ],
};

test("the table has every change of the document", async () => {
  const document: { readonly paths: Readonly<Record<string, object>> } = JSON.parse(
    await (await fetch(`${world.server.url}/openapi.json`)).text(),
  );
  const documented = Object.entries(document.paths)
    .filter(([path]) => path.startsWith("/admin/v1"))
    .flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => method !== "get")
        .map((method) => `${method.toUpperCase()} ${path.slice("/admin/v1".length)}`),
    );
  expect(Object.keys(changes).sort()).toEqual(documented.sort());
});

describe.each(Object.entries(changes))("the event of %s", (_change, [request, name]) => {
  test.each(["an administrator", "a machine"])("names %s, and the request", async (kind) => {
    const token = kind === "a machine" ? machine : root;
    const sent = await request();
    world.server.newEvents();
    const { status, headers } = await world.ask(token, sent);
    expect(status).toBeLessThan(300);
    expect(world.server.newEvents().filter((event) => event.name === name)).toEqual([
      expect.objectContaining({
        actor: claimsOf(token)["sub"],
        address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
        request_id: headers.get("x-request-id"),
      }),
    ]);
  });
});
