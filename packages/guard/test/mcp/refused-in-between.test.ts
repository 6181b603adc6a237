import { request as httpRequest, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { people } from "@latchkey/testkit/mcp/tokens";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createMcpHandler, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import express from "express";
import { describe, expect, it } from "vitest";
import { guardMcp, type HttpPolicy } from "../../src/mcp/index.ts";
import { guardMcp as guardMcpV1 } from "../../src/mcp/v1.ts";
import { type NotesPolicy, serve } from "./notes-http.ts";
import { Evidence, rules } from "./notes-policy.ts";
import { makeNotes as makeNotesV1 } from "./notes-v1.ts";
import { makeNotes as makeNotesV2 } from "./notes-v2.ts";

// A client refreshes its token after a 401 alone. A result with an error reaches the program instead.

const accepts = { accept: "application/json, text/event-stream", "content-type": "application/json" };
const search = { name: "search", arguments: { text: "a" } };
const messageOf = (method: string, params: object = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });

/** Changes by which a token is refused from then on. */
const changes = {
  "it expires": [
    (issuer: TestIssuer) => {
      issuer.now += 60_000;
    },
    "token_expired",
  ],
  "its session ends": [(issuer: TestIssuer) => void issuer.ended.add("session-uma"), "token_revoked"],
} as const;
const kinds = ["it expires", "its session ends"] as const;

interface ServerKind {
  readonly major: 1 | 2;
  readonly recall: boolean;
  readonly answer: "a stream" | "JSON";
}

const servers: readonly ServerKind[] = ([1, 2] as const).flatMap((major) =>
  ([true, false] as const).flatMap((recall) =>
    (["a stream", "JSON"] as const).map((answer) => ({ major, recall, answer })),
  ),
);

describe.each(servers)("a server of major $major that answers with $answer, recall: $recall", (server) => {
  it.each(kinds)("answers 401 with a challenge if %s while the body arrives", async (change) => {
    const [apply, code] = changes[change];
    for (const message of [messageOf("tools/call", search), messageOf("tools/list"), messageOf("ping")]) {
      await using world = await makeWorld(server);
      world.beforeBody = () => apply(world.issuer);
      const answer = await world.post(message);
      expect(answer).toMatchObject({ status: 401, body: expect.stringContaining(`"code":"${code}"`) });
      const challenge = answer.headers["www-authenticate"];
      expect(challenge).toContain('error="invalid_token"');
      expect(challenge).toContain(`resource_metadata="${world.origin}/.well-known/`);
      expect(world.evidence.text()).not.toContain("handler");
      expect(world.evidence.decisions).toMatchObject([{ outcome: "denied", code }]);
    }
  });

  it.each(kinds)(
    "finishes an admitted call if %s before its tool runs, and answers 401 to the next",
    async (change) => {
      const [apply, code] = changes[change];
      await using world = await makeWorld(server);
      world.afterGate = () => apply(world.issuer);
      const message = messageOf("tools/call", search);
      expect(await world.post(message)).toMatchObject({
        status: 200,
        body: expect.stringContaining("user:uma"),
      });
      expect(await world.post(message)).toMatchObject({ status: 401, body: expect.stringContaining(code) });
    },
  );

  it.each(kinds)("lists the tools of an admitted request if %s before the list is made", async (change) => {
    await using world = await makeWorld(server);
    world.afterGate = () => changes[change][0](world.issuer);
    const { status, body } = await world.post(messageOf("tools/list"));
    expect([status, body.includes('"search"')]).toEqual([200, true]);
  });

  it("answers in its own way", async () => {
    await using world = await makeWorld(server);
    const { headers } = await world.post(messageOf("tools/call", search));
    expect(headers["content-type"]).toBe(server.answer === "JSON" ? "application/json" : "text/event-stream");
  });

  it("gives a result if the token of a field is refused", async () => {
    await using world = await makeWorld(server, { withoutBearer: "field", tokenField: "token" });
    world.afterGate = () => changes["it expires"][0](world.issuer);
    const args = { ...search.arguments, token: world.token };
    const answer = await world.post(messageOf("tools/call", { ...search, arguments: args }), {});
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining("token_expired") });
  });
});

it("an admission counts for one call, so a kept record is verified again", async () => {
  const issuer = await TestIssuer.make();
  const policy = { guard: issuer.guard(), tools: rules, resource: "http://notes.example/mcp" };
  const handler = createMcpHandler(() => makeNotesV2(policy, new Evidence()));
  const texts: string[] = [];
  const { fetch } = guardMcp(async (request, options) => {
    for (let call = 0; call < 2; call++) {
      texts.push(await (await handler.fetch(request.clone(), options)).text());
      issuer.ended.add("session-uma");
    }
    return new Response();
  }, policy);
  const authorization = `Bearer ${await issuer.token({ claims: people.user })}`;
  const init = {
    method: "POST",
    headers: { ...accepts, authorization },
    body: messageOf("tools/call", search),
  };
  await fetch(new Request(policy.resource, init));
  expect(texts).toEqual([expect.stringContaining("user:uma"), expect.stringContaining("token_revoked")]);
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface World extends AsyncDisposable {
  readonly issuer: TestIssuer;
  readonly origin: string;
  readonly token: string;
  readonly evidence: Evidence;
  /** Called when the gate has verified the header, before the body is sent. */
  beforeBody: () => void;
  /** Called when the gate has let a request go on to the SDK. */
  afterGate: () => void;
  /** Sends a message. By default its header carries the token. */
  post(message: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

async function makeWorld(
  { major, recall, answer }: ServerKind,
  way:
    | { readonly withoutBearer: "field"; readonly tokenField: string }
    | { readonly withoutBearer?: "challenge" } = {},
): Promise<World> {
  const issuer = await TestIssuer.make();
  const guard = issuer.guard();
  const evidence = new Evidence();
  const token = await issuer.token({ claims: people.user });
  let verified = () => {};
  const policy: NotesPolicy = {
    ...way,
    guard: {
      verify: async (text: string | null | undefined) => {
        const principal = await guard.verify(text);
        verified();
        return principal;
      },
      ...(recall && { recall: (text: string) => guard.recall(text) }),
    },
    authorizationServers: [issuer.issuer],
    onDecision: evidence.decided,
  };
  // The SDK's adapter of major 2 reads a whole body before it calls the gate, so the gate is called directly.
  let direct: Fetch | undefined;
  const notes = await serve(policy, (whole) => {
    const afterGate = () => world.afterGate();
    if (major === 1) return listenerV1(whole, evidence, answer === "JSON", afterGate);
    direct = handlerV2(whole, evidence, answer === "JSON", afterGate);
    return () => {};
  });
  const world: World = {
    issuer,
    origin: notes.origin,
    token,
    evidence,
    beforeBody: () => {},
    afterGate: () => {},
    async post(message, headers = { authorization: `Bearer ${token}` }) {
      const checked = Promise.withResolvers<void>();
      verified = checked.resolve;
      const halves = { first: message.slice(0, 10), rest: message.slice(10) };
      const all = { ...accepts, ...headers, "content-length": String(message.length) };
      const whenRead = "authorization" in headers ? checked.promise : Promise.resolve();
      const body = async () => {
        await whenRead;
        world.beforeBody();
        return halves.rest;
      };
      const sent = { url: notes.url, headers: all, first: halves.first, rest: body };
      return await (direct === undefined ? overHttp(sent) : toHandler(direct, sent));
    },
    [Symbol.asyncDispose]: () => notes[Symbol.asyncDispose](),
  };
  return world;
}

type Policy = HttpPolicy<typeof rules>;

function listenerV1(
  policy: Policy,
  evidence: Evidence,
  json: boolean,
  afterGate: () => void,
): RequestListener {
  const app = express();
  app.all("/mcp", guardMcpV1(policy), async (request, response) => {
    afterGate();
    const server = makeNotesV1(policy, evidence);
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: json });
    response.on("close", () => void server.close());
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    await transport.handleRequest(request, response, request.body);
  });
  return app;
}

type Fetch = (request: Request) => Promise<Response>;

function handlerV2(policy: Policy, evidence: Evidence, json: boolean, afterGate: () => void): Fetch {
  return guardMcp(async (request, options) => {
    afterGate();
    const server = makeNotesV2(policy, evidence);
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: json });
    await server.connect(transport);
    return await transport.handleRequest(request, options);
  }, policy).fetch;
}

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly first: string;
  /** The rest of the body, when it is time to send it. */
  readonly rest: () => Promise<string>;
}

async function overHttp({ url, headers, first, rest }: Sent): Promise<Answer> {
  const received = Promise.withResolvers<Answer>();
  const request = httpRequest(url, { method: "POST", headers }, async (response) => {
    let body = "";
    for await (const chunk of response) body += String(chunk);
    received.resolve({ status: response.statusCode, headers: response.headers, body });
  });
  request.on("error", received.reject).write(first);
  // A request that is refused at once never needs the rest.
  const sending = rest().then((text) => request.end(text));
  await Promise.race([sending, received.promise]);
  return await received.promise.finally(() => request.destroy());
}

async function toHandler(handler: Fetch, { url, headers, first, rest }: Sent): Promise<Answer> {
  const bytes = new TextEncoder();
  const parts = [async () => first, rest];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(bytes.encode(await part()));
    },
  });
  const init = { method: "POST", headers, body, duplex: "half" } as const;
  const response = await handler(new Request(url, init));
  const { status, headers: answered } = response;
  return { status, headers: Object.fromEntries(answered), body: await response.text() };
}
