import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, claimsOf, send, signIn } from "../api/api-case.ts";
import { clientTokens, register } from "../api/oauth-world.ts";
import { type AdminWorld, adminWorld } from "./admin-world.ts";

let world: AdminWorld;
let root: string;
let helen: string;
beforeAll(async () => {
  world = await adminWorld();
  [root, helen] = [await world.tokenOf("root"), await world.tokenOf("helen")];
});
afterAll(() => world[Symbol.asyncDispose]());

const idsIn = (text: string): string[] => JSON.parse(text).items.map(({ id }: { readonly id: string }) => id);
const me = async (token: string) =>
  (await send(world.server, "/auth", { method: "GET", path: "/me", headers: bearer(token) })).status;

/** Reads every page of a list. */
async function pages(path: string, limit: number): Promise<string[][]> {
  const found: string[][] = [];
  const more = path.includes("?") ? "&" : "?";
  for (let cursor = ""; ; ) {
    const { text, status } = await world.ask(root, {
      method: "GET",
      path: `${path}${more}limit=${limit}${cursor}`,
    });
    expect(status).toBe(200);
    const { next } = JSON.parse(text);
    found.push(idsIn(text));
    if (next === undefined) return found;
    cursor = `&cursor=${next}`;
  }
}

describe("sessions", () => {
  test("are listed of all users, of one user and of one client, page by page", async () => {
    const { id: client } = await register(world.server);
    const tokens = [
      await clientTokens(world.server, client),
      await clientTokens(world.server, client),
      await signIn(world.server, "alice"),
      await signIn(world.server, "bob"),
    ];
    const [first, second, alice, bob] = tokens.map(({ access }) => String(claimsOf(access)["sid"]));
    const all = (await pages("/sessions", 2)).flat();
    expect(all).toEqual(expect.arrayContaining([first, second, alice, bob]));
    expect(new Set(all).size).toBe(all.length);
    const ofClient = await pages(`/sessions?client=${client}`, 1);
    expect(ofClient).toHaveLength(2);
    expect(ofClient.flat().sort()).toEqual([first, second].sort());
    expect((await pages("/sessions?user=user:bob", 1)).flat()).toEqual([bob]);
    expect((await pages(`/sessions?user=user:alice&client=${client}`, 1)).flat().sort()).toEqual(
      [first, second].sort(),
    );
    expect((await pages(`/sessions?user=user:bob&client=${client}`, 1)).flat()).toEqual([]);
  });

  test("are shown and ended, and their tokens are refused at once", async () => {
    const { access } = await signIn(world.server, "bob");
    const path = `/sessions/${String(claimsOf(access)["sid"])}` as const;
    expect((await world.ask(helen, { method: "GET", path })).body).toMatchObject({ user_id: "user:bob" });
    await world.expectAnswer(helen, { method: "DELETE", path }, { status: 200, events: ["session.ended"] });
    expect(await me(access)).toBe(401);
    await world.expectAnswer(helen, { method: "GET", path }, { status: 404, code: "not_found" });
    await world.expectAnswer(helen, { method: "DELETE", path }, { status: 404, code: "not_found" });
  });

  test("of administrators are ended by administrators alone", async () => {
    const other = await world.tokenOf("argus");
    const path = `/sessions/${String(claimsOf(other)["sid"])}` as const;
    await world.expectAnswer(helen, { method: "DELETE", path }, { status: 403, code: "protected_account" });
    expect((await world.ask(other, { method: "GET", path: "/keys" })).status).toBe(200);
    await world.expectAnswer(root, { method: "DELETE", path }, { status: 200, events: ["session.ended"] });
    expect((await world.ask(other, { method: "GET", path: "/keys" })).status).toBe(401);
  });
});

describe("a cursor", () => {
  test("of another list, another query or nothing is refused", async () => {
    const { body } = await world.ask(root, { method: "GET", path: "/sessions?limit=1" });
    const next = String(body["next"]);
    const refused = { status: 400, code: "invalid_cursor" };
    const forged = Buffer.from(JSON.stringify(["x", 1])).toString("base64url");
    for (const path of [
      `/audit?cursor=${next}`,
      `/sessions?user=user:bob&cursor=${next}`,
      `/sessions?cursor=${forged}`,
      "/sessions?cursor=nothing",
      `/sessions?cursor=${next}x%00`,
    ])
      await world.expectAnswer(root, { method: "GET", path }, refused);
  });

  test.each([
    "limit=0",
    "limit=1001",
    "limit=-1",
    "limit=x",
    "limit=1&limit=2",
    "sort=name",
    `cursor=${"x".repeat(2049)}`,
  ])("and a limit have bounds: %s", async (query) => {
    const answer = await world.ask(root, { method: "GET", path: `/sessions?${query}` });
    expect(answer.body).toMatchObject({ code: "validation_error" });
  });
});

describe("the audit trail", () => {
  test("is filtered by user, event and time", async () => {
    world.server.advance(10_000);
    const from = new Date(world.server.now()).toISOString();
    await signIn(world.server, "alice");
    await signIn(world.server, "bob");
    const read = async (query: string) =>
      JSON.parse((await world.ask(root, { method: "GET", path: `/audit?${query}` })).text).items.map(
        ({ name, subject }: { readonly name: string; readonly subject?: string }) => `${name} ${subject}`,
      );
    expect(await read(`from=${from}`)).toEqual(["login.succeeded user:bob", "login.succeeded user:alice"]);
    expect(await read(`from=${from}&user=alice`)).toEqual(["login.succeeded user:alice"]);
    expect(await read(`from=${from}&user=user:bob&event=login.failed,login.succeeded`)).toEqual([
      "login.succeeded user:bob",
    ]);
    expect(await read(`from=${from}&event=login.failed`)).toEqual([]);
    expect(await read(`to=2020-01-01T00:00:00Z`)).toEqual([]);
  });

  test.each(["event=nothing", "from=yesterday", "to=2026-13-01T00:00:00Z", "form=2026-01-01T00:00:00Z"])(
    "refuses a filter that it does not know: %s",
    async (query) => {
      const answer = await world.ask(root, { method: "GET", path: `/audit?${query}` });
      expect(answer.body).toMatchObject({ code: "validation_error" });
    },
  );

  test("is exported as JSON lines, all of it", async () => {
    const page = JSON.parse((await world.ask(root, { method: "GET", path: "/audit?limit=1000" })).text).items;
    const response = await fetch(`${world.server.url}/admin/v1/audit`, {
      headers: { ...bearer(root), accept: "application/x-ndjson" },
    });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const lines = (await response.text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(page);
  });
});
