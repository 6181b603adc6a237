import { connect, createServer, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { listenLocally } from "@latchkey/testkit/sockets";
import { InMemoryTransport as InMemoryTransportV1 } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport as StdioServerTransportV1 } from "@modelcontextprotocol/sdk/server/stdio.js";
import { WebStandardStreamableHTTPServerTransport as HttpTransportV1 } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import {
  InMemoryTransport,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import { beforeAll, describe, expect, it } from "vitest";
import { allow } from "../../src/index.ts";
import { guardTools } from "../../src/mcp/index.ts";
import { guardTools as guardToolsV1 } from "../../src/mcp/v1.ts";

// The environment's token belongs to the program that started the process. It counts on the pipe to that program alone.

let issuer: TestIssuer;
let token: string;

beforeAll(async () => {
  issuer = await TestIssuer.make();
  token = await issuer.token();
});

const answer = () => ({ content: [{ type: "text" as const, text: "done" }] });
const message = (id: number, method: string, params: object) => ({
  jsonrpc: "2.0" as const,
  id,
  method,
  params,
});
const initialize = message(1, "initialize", {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "c", version: "1" },
});
const call = message(2, "tools/call", { name: "whoami", arguments: {} });

function serverOf(major: 1 | 2) {
  const policy = { guard: issuer.guard(), token, tools: { whoami: allow.all() } };
  if (major === 1) {
    const server = guardToolsV1(new McpServerV1({ name: "s", version: "1" }), policy);
    server.registerTool("whoami", {}, answer);
    return server;
  }
  const server = guardTools(new McpServer({ name: "s", version: "2" }), policy);
  server.registerTool("whoami", {}, answer);
  return server;
}

/** Attaches a transport of any kind. The SDK's types differ between its majors. */
const attach = (server: object, transport: object): Promise<unknown> =>
  Reflect.apply(Reflect.get(server, "connect"), server, [transport]);

/** Sends lines to a stream and reads the answer to the call from another. */
async function overStreams(write: (line: string) => void, output: AsyncIterable<unknown>): Promise<string> {
  for (const one of [initialize, { jsonrpc: "2.0", method: "notifications/initialized" }, call]) {
    write(`${JSON.stringify(one)}\n`);
  }
  let text = "";
  for await (const chunk of output) {
    text += String(chunk);
    const answered = text.split("\n").find((line) => line.includes('"id":2'));
    if (answered !== undefined) return answered;
  }
  return text;
}

describe.each([1, 2] as const)("the environment's token, with a server of major %i", (major) => {
  it("counts over the stdio transport", async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const Transport = major === 1 ? StdioServerTransportV1 : StdioServerTransport;
    await attach(serverOf(major), new Transport(input, output));
    expect(await overStreams((line) => input.write(line), output)).toContain("done");
  });

  it("does not count over a transport in memory", async () => {
    const [near, far] = (major === 1 ? InMemoryTransportV1 : InMemoryTransport).createLinkedPair();
    await attach(serverOf(major), far);
    const output = new PassThrough();
    Reflect.set(near, "onmessage", (one: unknown) => output.write(`${JSON.stringify(one)}\n`));
    await near.start();
    const text = await overStreams((line) => void near.send(JSON.parse(line)), output);
    expect(text).toContain("missing_token");
  });

  it("does not count over HTTP without sessions", async () => {
    const Transport = major === 1 ? HttpTransportV1 : WebStandardStreamableHTTPServerTransport;
    const transport = new Transport({ enableJsonResponse: true });
    await attach(serverOf(major), transport);
    const request = new Request("http://127.0.0.1/mcp", {
      method: "POST",
      headers: { accept: "application/json, text/event-stream", "content-type": "application/json" },
      body: JSON.stringify(call),
    });
    expect(await (await transport.handleRequest(request)).text()).toContain("missing_token");
  });

  it("does not count over an unknown transport without session and request", async () => {
    const output = new PassThrough();
    const transport = {
      start: async () => {},
      close: async () => {},
      send: async (one: unknown) => void output.write(`${JSON.stringify(one)}\n`),
      onmessage: undefined,
    };
    await attach(serverOf(major), transport);
    const receive: unknown = Reflect.get(transport, "onmessage");
    const text = await overStreams((line) => {
      if (typeof receive === "function") Reflect.apply(receive, transport, [JSON.parse(line)]);
    }, output);
    expect(text).toContain("missing_token");
  });

  it("does not count over the stdio transport on a socket", async () => {
    const Transport = major === 1 ? StdioServerTransportV1 : StdioServerTransport;
    const connected = Promise.withResolvers<void>();
    const listener = createServer((socket: Socket) => {
      attach(serverOf(major), new Transport(socket, socket)).then(
        () => connected.resolve(),
        connected.reject,
      );
    });
    const client = connect(await listenLocally(listener), "127.0.0.1");
    await connected.promise;
    expect(await overStreams((line) => client.write(line), client)).toContain("missing_token");
    client.destroy();
    await new Promise((resolve) => listener.close(resolve));
  });
});

it("the environment's token counts over serveStdio", async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const server = serverOf(2);
  if (!(server instanceof McpServer)) throw new Error("not of major 2");
  serveStdio(() => server, { transport: new StdioServerTransport(input, output) });
  expect(await overStreams((line) => input.write(line), output)).toContain("done");
});
