import { startDemo, withOtherSignature } from "@latchkey/testkit/demo";
import { isIn } from "@latchkey/testkit/mcp/tokens";
import { Programs } from "@latchkey/testkit/programs";
import { logout, signIn } from "@latchkey/testkit/server/auth-calls";
import { Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeWorld, type World, ways } from "./worlds.ts";

/** How long a server may take to start or stop on a loaded machine, in milliseconds. */
const hookTimeout = 60_000;
const place = new Place();
const programs = new Programs();

type Bearer = "alice" | "admin" | "wrong" | "none";
let issuer: string;
const tokens = { alice: "", admin: "", wrong: "", none: undefined };

beforeAll(async () => {
  const demo = await startDemo(place);
  issuer = demo.issuer;
  Object.assign(tokens, demo.tokens, { wrong: withOtherSignature(demo.tokens.alice) });
}, hookTimeout);

describe.each(ways)("a client of major $major over $transport", (way) => {
  let world: World;

  beforeAll(async () => {
    world = await makeWorld(way, issuer, programs);
  }, hookTimeout);
  afterAll(() => world[Symbol.asyncDispose](), hookTimeout);

  /** The bearer of the token around a call, and of the one in its own field. */
  interface Placed {
    readonly around?: Bearer;
    readonly field?: Bearer;
  }

  /** The text of a tool's result, or the code of a denial by the tool or by HTTP. */
  async function end({ around = "none", field = "none" }: Placed, tool: string, args: object = {}) {
    const text = await endOf(world, tokens[around], tool, {
      ...args,
      ...(field !== "none" && { token: tokens[field] }),
    });
    for (const token of [tokens.alice, tokens.admin]) expect(isIn(text, token)).toBe(false);
    return text;
  }

  /** The tools that a list shows, with the arguments that each requires. */
  async function listed(around: Bearer) {
    const tools = await (await world.client(tokens[around])).list();
    return Object.fromEntries(tools.map(({ name, inputSchema }) => [name, inputSchema["required"] ?? []]));
  }

  const places = (bearer: Bearer): readonly Placed[] => [
    { field: bearer },
    { around: bearer },
    { field: bearer, around: bearer },
  ];

  it("refuses a token within a second after its logout", async () => {
    const { access } = await signIn(issuer, "alice", "alice123");
    const call = () => endOf(world, undefined, "add_note", { text: "a", token: access });
    expect(await call()).toContain("alice");
    expect((await logout(issuer, access)).status).toBe(200);
    await until("the tools refuse it", async () => (await call()) === "token_revoked");
  });

  it("lists the tools of a user without a token, which each require one", async () => {
    expect(await listed("none")).toEqual({ add_note: ["text", "token"], search_notes: ["owner", "token"] });
  });

  it("lists the tools of the bearer, which require no token", async () => {
    expect(await listed("alice")).toEqual({ add_note: ["text"], search_notes: ["owner"] });
    expect(await listed("admin")).toEqual({ add_note: ["text"], search_notes: ["owner"], purge_notes: [] });
  });

  it("lets alice only write and find her own notes, with either token", async () => {
    for (const placed of places("alice")) {
      const added = JSON.parse(await end(placed, "add_note", { text: "buy milk" }));
      expect(added).toMatchObject({ owner: "alice", text: "buy milk" });
      const found = JSON.parse(await end(placed, "search_notes", { owner: "alice", word: "MILK" }));
      expect(found).toContainEqual(added);
      expect(await end(placed, "search_notes", { owner: "admin" })).toBe("forbidden");
      expect(await end(placed, "purge_notes")).toBe("forbidden");
    }
  });

  it("lets an administrator find and remove all notes, with either token", async () => {
    for (const placed of places("admin")) {
      const { owner } = JSON.parse(await end(placed, "add_note", { text: "an administrator's own" }));
      expect(owner).toBe("admin");
      expect(JSON.parse(await end(placed, "search_notes", { owner: "alice" }))).toBeInstanceOf(Array);
      expect(JSON.parse(await end(placed, "purge_notes")).removed).toBeGreaterThan(0);
      expect(JSON.parse(await end(placed, "search_notes", { owner: "admin" }))).toEqual([]);
    }
  });

  it("shows alice's notes to an administrator", async () => {
    const added = await end({ field: "alice" }, "add_note", { text: "for the administrator" });
    const found = await end({ field: "admin" }, "search_notes", { owner: "alice", word: "administrator" });
    expect(JSON.parse(found)).toEqual([JSON.parse(added)]);
  });

  it("refuses a call without a token and names the argument for it", async () => {
    const client = await world.client(undefined);
    expect(await client.call("add_note", { text: "a" })).toMatchObject({
      isError: true,
      content: [{ type: "text", text: 'An access token is required, in the argument "token"' }],
      _meta: { "latchkey/code": "missing_token" },
    });
  });

  it("refuses a wrong token in every place", async () => {
    for (const placed of places("wrong")) {
      expect(await end(placed, "add_note", { text: "a" })).toBe("invalid_token");
    }
  });

  it("refuses two different tokens over HTTP; over stdio the field wins", async () => {
    const text = await end({ field: "alice", around: "admin" }, "add_note", { text: "disputed" });
    if (way.transport === "HTTP") expect(text).toBe("token_mismatch");
    else expect(JSON.parse(text).owner).toBe("alice");
  });

  it("quotes no token for wrong arguments or an unknown tool", async () => {
    expect(await end({ field: "alice" }, "add_note", { text: 1 })).toContain("Input validation error");
    expect(await end({ field: "alice" }, "no_such_tool")).toBe("forbidden");
  });

  it("writes audit lines and protocol messages only, and no token", async () => {
    expect(await end({ field: "alice" }, "the_last_word")).toBe("forbidden");
    const arrived = async () => /"the_last_word".*\n/.test((await world.written()).stderr);
    await until("the last line arrives", arrived, 10_000);
    const { stdout, stderr } = await world.written();

    const lines = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual(audited({ tool: "add_note", userId: "user:alice", outcome: "allowed" }));
    const denial = { outcome: "denied", code: "forbidden", reason: "needs role admin" };
    expect(lines).toContainEqual(audited({ tool: "purge_notes", userId: "user:alice", ...denial }));

    const messages = stdout.trimEnd().split("\n");
    if (way.transport === "HTTP") expect(messages).toEqual([expect.stringMatching(/^notes at http:/)]);
    else for (const message of messages) expect(JSON.parse(message).jsonrpc).toBe("2.0");
    for (const token of Object.values(tokens)) {
      if (token !== undefined) expect(isIn(stdout + stderr, token)).toBe(false);
    }
  });
});

function audited(decision: object) {
  return { time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), ...decision };
}

async function endOf(world: World, around: string | undefined, tool: string, args: Record<string, unknown>) {
  try {
    const client = await world.client(around);
    const { _meta, content, isError } = await client.call(tool, args);
    const text = content[0]?.text ?? "";
    return isError ? String(_meta?.["latchkey/code"] ?? text) : text;
  } catch (error) {
    const [, code] = /"code":"(\w+)"/.exec(String(error)) ?? [];
    return code ?? String(error);
  }
}
