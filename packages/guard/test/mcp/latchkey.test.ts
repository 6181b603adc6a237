import { type CallResult, connect } from "@latchkey/testkit/mcp/notes-clients";
import { jwtPart, logout, me, signIn } from "@latchkey/testkit/server/auth-calls";
import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGuard, type Guard } from "../../src/index.ts";
import { type HttpNotes, serveNotes } from "./notes-http.ts";
import { Evidence } from "./notes-policy.ts";

const place = new Place();
let latchkey: ServerProcess;
let guard: Guard;

beforeAll(async () => {
  latchkey = await place.server({ command: "demo", env: { LATCHKEY_ISSUER: "" } });
  guard = createGuard({ issuer: latchkey.url, revocations: { isRevoked: hasEnded } });
}, 30_000);
afterAll(async () => {
  guard.close();
  await latchkey.stop();
});

/** Every session of these tests, by its id, with its token. */
const signedIn = new Map<unknown, string>();

async function alice(): Promise<string> {
  const { access } = await signIn(latchkey.url, "alice", "alice123");
  signedIn.set(jwtPart(access, "claims")["sid"], access);
  return access;
}

/** Asks Latchkey itself. */
async function hasEnded(session: string | undefined): Promise<boolean> {
  return (await me(latchkey.url, signedIn.get(session) ?? "")).status !== 200;
}

const codeOf = ({ _meta }: CallResult) => _meta?.["latchkey/code"];

describe.each([1, 2] as const)("a notes server of major %i that trusts a real Latchkey", (major) => {
  let notes: HttpNotes;

  beforeAll(async () => {
    const policy = {
      guard,
      withoutBearer: "field" as const,
      tokenField: "token",
      authorizationServers: [latchkey.url],
    };
    notes = await serveNotes(major, policy, new Evidence());
  });
  afterAll(() => notes[Symbol.asyncDispose]());

  it("lets a signed-in user in, as that user", async () => {
    const access = await alice();
    await using client = await connect(major, { url: notes.url, headers: {} });
    const { content } = await client.call("search", { text: "a", token: access });
    expect(content[0]?.text).toBe('{"args":{"text":"a"},"userId":"user:alice"}');
    expect(codeOf(await client.call("purge", { token: access }))).toBe("forbidden");
  });

  it("refuses the token of a signed-out user, in the field and in the header", async () => {
    const access = await alice();
    await using byField = await connect(major, { url: notes.url, headers: {} });
    await using byHeader = await connect(major, {
      url: notes.url,
      headers: { authorization: `Bearer ${access}` },
    });
    expect((await byField.call("search", { text: "a", token: access })).isError).not.toBe(true);
    expect((await byHeader.call("search", { text: "a" })).isError).not.toBe(true);
    expect((await logout(latchkey.url, access)).status).toBe(200);
    expect(codeOf(await byField.call("search", { text: "a", token: access }))).toBe("token_revoked");
    await expect(byHeader.call("search", { text: "a" })).rejects.toThrow("token_revoked");
  });
});
