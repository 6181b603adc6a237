import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiAnswer, ApiRequest } from "../api/api-case.ts";
import { clientTokens, register } from "../api/oauth-world.ts";
import { type AdminWorld, adminWorld } from "./admin-world.ts";

let world: AdminWorld;
let root: string;
beforeAll(async () => {
  world = await adminWorld();
  root = await world.tokenOf("root");
});
afterAll(() => world[Symbol.asyncDispose]());

const strong = /^"[\w-]{43}"$/;
const stale = { status: 412, code: "precondition_failed" };
const etagIn = ({ headers }: ApiAnswer) => headers.get("etag") ?? "";
const under = (etag: string, request: ApiRequest): ApiRequest => ({
  ...request,
  headers: { "if-match": etag },
});
const etagAt = async (path: ApiRequest["path"]) => etagIn(await world.ask(root, { method: "GET", path }));

/** Statuses of requests that are sent together, in order of their numbers. */
async function statusesOf(requests: readonly ApiRequest[]) {
  const answers = await Promise.all(requests.map((request) => world.ask(root, request)));
  return answers.map(({ status }) => status).toSorted((one, other) => one - other);
}

/** Tags that match nothing, made of one that matches. */
const mismatches = (etag: string) => ['"0"', `W/${etag}`, etag.replaceAll('"', ""), "", '"*"', `"${etag}"`];

async function addedClient() {
  const body = { name: "Robot", authentication: "secret", machine: true, scopes: ["users:read"] };
  const answer = await world.ask(root, { method: "POST", path: "/clients", body });
  return { path: `/clients/${String(answer.body["id"])}`, etag: etagIn(answer) };
}

describe("the ETag of a client", () => {
  test("is in the answers that show it, and changes with each change alone", async () => {
    const { path, etag } = await addedClient();
    expect(etag).toMatch(strong);
    expect(await etagAt(path)).toBe(etag);
    const blocked = etagIn(await world.ask(root, { method: "POST", path: `${path}/block` }));
    expect(await etagAt(path)).toBe(blocked);
    const unblocked = etagIn(await world.ask(root, { method: "POST", path: `${path}/unblock` }));
    expect([blocked, unblocked]).toEqual([expect.stringMatching(strong), etag]);
    expect(blocked).not.toBe(etag);
    await world.ask(root, { method: "POST", path: `${path}/secret` });
    expect(await etagAt(path)).not.toBe(etag);
  });

  test("is in the answer of a repeat under the same Idempotency-Key", async () => {
    const body = { name: "Once", redirect_uris: ["https://once.example/cb"] };
    const request = {
      method: "POST",
      path: "/clients",
      body,
      headers: { "idempotency-key": "tag" },
    } as const;
    const first = await world.ask(root, request);
    expect(etagIn(await world.ask(root, request))).toBe(etagIn(first));
  });

  test("of one that describes itself stays while sessions come, and changes with a block", async () => {
    const { id } = await register(world.server, { token_endpoint_auth_method: "none" });
    const path = `/clients/${id}`;
    const before = await etagAt(path);
    await clientTokens(world.server, id);
    const shown = await world.ask(root, { method: "GET", path });
    expect(shown.body).toMatchObject({ live_sessions: 1 });
    expect(before).toMatch(strong);
    expect(etagIn(shown)).toBe(before);
    const blocked = await world.ask(root, under(before, { method: "POST", path: `${path}/block` }));
    expect(blocked.status).toBe(200);
    expect(etagIn(blocked)).not.toBe(before);
  });
});

describe("a change of a client under If-Match", () => {
  test("is made for the current tag, alone or in a list, and for *", async () => {
    const { path, etag } = await addedClient();
    const changes: readonly [verb: string, event: string][] = [
      ["block", "client.blocked"],
      ["unblock", "client.unblocked"],
      ["secret", "client.secret_replaced"],
    ];
    for (const header of [(tag: string) => tag, (tag: string) => `"77", ${tag}`, () => "*"])
      for (const [verb, event] of changes) {
        const request = under(header(await etagAt(path)), { method: "POST", path: `${path}/${verb}` });
        await world.expectAnswer(root, request, { status: 200, events: [event] });
      }
    expect(await etagAt(path)).not.toBe(etag);
    const remove = under(await etagAt(path), { method: "DELETE", path });
    await world.expectAnswer(root, remove, { status: 200, events: ["client.removed"] });
    await world.expectAnswer(root, remove, { status: 404, code: "not_found" });
  });

  test("is refused for any other tag, and changes nothing", async () => {
    const { path, etag } = await addedClient();
    for (const tag of mismatches(etag))
      for (const request of [
        { method: "POST", path: `${path}/block` },
        { method: "POST", path: `${path}/unblock` },
        { method: "POST", path: `${path}/secret` },
        { method: "DELETE", path },
      ] as const)
        await world.expectAnswer(root, under(tag, request), { ...stale, absentHeaders: ["etag"] });
    expect(await etagAt(path)).toBe(etag);
  });

  test("is refused after a block, and after a new secret", async () => {
    for (const verb of ["block", "secret"]) {
      const { path, etag } = await addedClient();
      await world.ask(root, { method: "POST", path: `${path}/${verb}` });
      await world.expectAnswer(root, under(etag, { method: "DELETE", path }), stale);
    }
  });

  test("of one that describes itself is refused after its block", async () => {
    const path = `/clients/${encodeURIComponent("https://editor.example/client.json")}`;
    const etag = await etagAt(path);
    const block = under(etag, { method: "POST", path: `${path}/block` });
    await world.expectAnswer(root, block, { status: 200, events: ["client.blocked"] });
    await world.expectAnswer(root, block, stale);
  });

  test("of twenty at once, one is made", async () => {
    const { path, etag } = await addedClient();
    const secret = under(etag, { method: "POST", path: `${path}/secret` });
    const block = under(etag, { method: "POST", path: `${path}/block` });
    const sent = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? secret : block));
    expect(await statusesOf(sent)).toEqual([200, ...Array.from({ length: 19 }, () => 412)]);
  });
});

let count = 0;
const newResource = () => `/resources/${encodeURIComponent(`https://notes${count++}.example.com/mcp`)}`;
const put = (path: string, name: string): ApiRequest => ({
  method: "PUT",
  path,
  body: { name, scopes: ["notes:read"] },
});
const ifAbsent = (path: string, name: string): ApiRequest => ({
  ...put(path, name),
  headers: { "if-none-match": "*" },
});

describe("the ETag of a resource", () => {
  test("is in the answers that show it, and follows its content", async () => {
    const path = newResource();
    const first = etagIn(await world.ask(root, put(path, "Notes")));
    expect(first).toMatch(strong);
    expect(await etagAt(path)).toBe(first);
    const second = etagIn(await world.ask(root, put(path, "Other")));
    expect(second).not.toBe(first);
    expect(etagIn(await world.ask(root, put(path, "Notes")))).toBe(first);
  });

  test("of one that was removed and added again is another one", async () => {
    const path = newResource();
    const first = etagIn(await world.ask(root, put(path, "Notes")));
    await world.ask(root, { method: "DELETE", path });
    world.server.advance(1000);
    expect(etagIn(await world.ask(root, put(path, "Notes")))).not.toBe(first);
  });
});

describe("a change of a resource under a condition", () => {
  test("is made for the current tag, alone or in a list, and for *", async () => {
    const path = newResource();
    await world.ask(root, put(path, "Notes"));
    for (const header of [(tag: string) => tag, (tag: string) => `"77", ${tag}`, () => "*"]) {
      const request = under(header(await etagAt(path)), put(path, header("x")));
      await world.expectAnswer(root, request, { status: 200, events: ["resource.added"] });
    }
    const remove = under(await etagAt(path), { method: "DELETE", path });
    await world.expectAnswer(root, remove, { status: 200, events: ["resource.removed"] });
  });

  test("is refused for any other tag, and changes nothing", async () => {
    const path = newResource();
    const etag = etagIn(await world.ask(root, put(path, "Notes")));
    for (const tag of mismatches(etag))
      for (const request of [put(path, "Other"), { method: "DELETE", path } as const])
        await world.expectAnswer(root, under(tag, request), stale);
    expect(await etagAt(path)).toBe(etag);
  });

  test("If-Match adds no resource, whatever its tag", async () => {
    const path = newResource();
    for (const tag of ["*", '"0"']) await world.expectAnswer(root, under(tag, put(path, "Notes")), stale);
    await world.expectAnswer(root, { method: "GET", path }, { status: 404, code: "not_found" });
  });

  test("If-None-Match: * adds one, and replaces none", async () => {
    const path = newResource();
    await world.expectAnswer(root, ifAbsent(path, "Notes"), { status: 200, events: ["resource.added"] });
    await world.expectAnswer(root, ifAbsent(path, "Other"), stale);
    expect((await world.ask(root, { method: "GET", path })).body).toMatchObject({ name: "Notes" });
  });

  test("If-None-Match with a tag is refused by its name, and both fields match nothing", async () => {
    const path = newResource();
    const withTag = { ...put(path, "Notes"), headers: { "if-none-match": '"0"' } };
    const answer = await world.expectAnswer(root, withTag, { status: 422, code: "validation_error" });
    expect(answer.body["message"]).toBe("header.if-none-match: Input should be *");
    const both = { ...put(path, "Notes"), headers: { "if-none-match": "*", "if-match": "*" } };
    await world.expectAnswer(root, both, stale);
  });

  test("of twenty at once, one is made", async () => {
    const path = newResource();
    const refused = Array.from({ length: 19 }, () => 412);
    const adding = Array.from({ length: 20 }, (_, at) => ifAbsent(path, `name ${at}`));
    expect(await statusesOf(adding)).toEqual([200, ...refused]);
    const etag = await etagAt(path);
    const changing = Array.from({ length: 20 }, (_, at) => under(etag, put(path, `other ${at}`)));
    expect(await statusesOf(changing)).toEqual([200, ...refused]);
  });
});
