import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { people } from "@latchkey/testkit/mcp/tokens";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HttpNotes, serve } from "./notes-http.ts";
import { Evidence } from "./notes-policy.ts";
import { type Sessions, sessionsV1, sessionsV2 } from "./sessions-http.ts";

const ping = { jsonrpc: "2.0", id: 7, method: "ping" };
const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "client", version: "1" } },
};

describe.each([1, 2] as const)("MCP sessions of a server of major %i", (major) => {
  let issuer: TestIssuer;
  let notes: HttpNotes;
  let sessions: Sessions;
  let alice: string;

  beforeAll(async () => {
    issuer = await TestIssuer.make();
    const evidence = new Evidence();
    const policy = {
      guard: issuer.guard(),
      withoutBearer: "field" as const,
      tokenField: "token",
      authorizationServers: [issuer.issuer],
    };
    notes = await serve(policy, (whole) => {
      sessions = major === 1 ? sessionsV1(whole, evidence) : sessionsV2(whole, evidence);
      return sessions.listener;
    });
    alice = await issuer.token({ claims: people.premium });
  });
  afterAll(() => notes[Symbol.asyncDispose]());

  interface Sent {
    readonly token?: string;
    readonly session?: string;
    readonly method?: string;
    readonly body?: unknown;
  }

  function send({ token, session, method = "POST", body }: Sent): Promise<Response> {
    return fetch(notes.url, {
      method,
      headers: {
        accept: method === "GET" ? "text/event-stream" : "application/json, text/event-stream",
        "content-type": "application/json",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(session !== undefined && { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async function open(token?: string): Promise<string> {
    const response = await send({ ...(token !== undefined && { token }), body: initialize });
    expect(response.status).toBe(200);
    await response.text();
    const session = response.headers.get("mcp-session-id") ?? "";
    expect(session).not.toBe("");
    return session;
  }

  async function statusOf(sent: Sent): Promise<number> {
    const response = await send(sent);
    await response.body?.cancel();
    return response.status;
  }

  it("belong to the user and the sign-in that opened them", async () => {
    const session = await open(alice);
    const refreshed = await issuer.token({ claims: { ...people.premium, jti: "another" } });
    expect(await statusOf({ token: alice, session, body: ping })).toBe(200);
    expect(await statusOf({ token: refreshed, session, body: ping })).toBe(200);
  });

  it("refuse every other caller that knows their id (session hijacking)", async () => {
    const session = await open(alice);
    const bob = await issuer.token({ claims: people.user });
    const elsewhere = await issuer.token({ claims: { ...people.premium, sid: "another-sign-in" } });
    for (const who of [{ token: bob }, { token: elsewhere }, {}]) {
      for (const sent of [{ body: ping }, { method: "DELETE" }, { body: initialize }]) {
        expect(await statusOf({ ...who, ...sent, session })).toBe(404);
      }
    }
    for (const token of [bob, elsewhere]) expect(await statusOf({ token, session, method: "GET" })).toBe(404);
    expect(await statusOf({ token: alice, session, body: ping })).toBe(200);
  });

  it("cannot be claimed by an id before they are opened", async () => {
    expect(await statusOf({ token: alice, session: "made-up", body: ping })).toBe(404);
    expect(await statusOf({ token: alice, session: "made-up", body: initialize })).toBe(404);
  });

  it("that were opened without a token accept requests without one alone", async () => {
    const session = await open();
    expect(await statusOf({ session, body: ping })).toBe(200);
    expect(await statusOf({ token: alice, session, body: ping })).toBe(404);
  });

  it("end when their owner deletes them", async () => {
    const session = await open(alice);
    expect(await statusOf({ token: alice, session, method: "DELETE" })).toBe(200);
    expect(await statusOf({ token: alice, session, body: ping })).toBe(404);
  });

  it("send nothing on an open stream after the sign-in has ended", async () => {
    const token = await issuer.token({ claims: { ...people.premium, sid: "short" } });
    const session = await open(token);
    await statusOf({ token, session, body: { jsonrpc: "2.0", method: "notifications/initialized" } });
    const heard = new Heard(send({ token, session, method: "GET" }));
    await until("the stream is open", async () => {
      await sessions.notify(session, "before the end");
      return heard.text.includes("before the end");
    });
    issuer.ended.add("short");
    await sessions.notify(session, "after the end");
    await heard.ended;
    expect(heard.text).not.toContain("after the end");
  });
});

/** A stream that stays open while the test reads its text. */
class Heard {
  text = "";
  readonly ended: Promise<void>;

  constructor(answer: Promise<Response>) {
    this.ended = this.#follow(answer);
  }

  async #follow(answer: Promise<Response>): Promise<void> {
    const { body } = await answer;
    try {
      for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) this.text += text;
    } catch {
      // A broken answer has ended too.
    }
  }
}
