import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { testServer } from "@latchkey/testkit/server/test-server";
import Fastify, { type FastifyInstance } from "fastify";
import { describe, expect, test, vi } from "vitest";
import { LatchkeyError } from "../../src/core/errors.ts";
import { errorHandler } from "../../src/http/error-answers.ts";
import { addInnerApp, type InnerApp } from "../../src/http/inner-app.ts";
import { takeBodiesAsBytes } from "../../src/http/request-input.ts";

interface OuterWorld extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly url: string;
  /** The lines of the log. */
  readonly lines: readonly { readonly level: string; readonly fields: object }[];
  /** The code of each answer, as the metrics see it. */
  readonly codes: readonly (string | null)[];
}

/** An outer app with hooks like those of the server, and one inner app. */
async function outerWorld(parts: InnerApp, refusal?: LatchkeyError): Promise<OuterWorld> {
  const lines: { level: string; fields: object }[] = [];
  const note = (level: string) => (fields: object) => void lines.push({ level, fields });
  const codes: (string | null)[] = [];
  let requests = 0;
  const app = Fastify({ genReqId: () => `request-${++requests}` });
  takeBodiesAsBytes(app);
  app.decorateReply("refusal", null);
  app.decorateRequest("clientAddress", { getter: () => "192.0.2.1" });
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers({ "x-request-id": request.id, vary: "Origin" });
    done(refusal);
  });
  app.addHook("onResponse", (_request, reply, done) => {
    codes.push(reply.refusal);
    done();
  });
  app.setErrorHandler(errorHandler({ debug: note("debug"), warn: note("warn"), error: note("error") }));
  addInnerApp(app, parts);
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  return {
    ...{ app, url, lines, codes },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** An inner app with one path, which tells what it knows of a request. */
function echo(opened: () => Promise<void> = async () => {}): InnerApp {
  return {
    paths: { "/inner": ["GET", "HEAD", "POST"] },
    async open(inner) {
      await opened();
      inner.get("/inner", (request, reply) =>
        reply.header("etag", '"1"').send({ id: request.id, address: request.clientAddress }),
      );
      inner.post("/inner", (request) => ({ body: String(request.body) }));
    },
  };
}

const refused = (code: string) => expect.objectContaining({ code });

describe("an inner app", () => {
  test("is opened once, by the first requests, and not by requests to other paths", async () => {
    const opened = vi.fn(async () => {});
    await using world = await outerWorld(echo(opened));
    expect((await fetch(`${world.url}/other`)).status).toBe(404);
    expect((await fetch(`${world.url}/inner`, { method: "DELETE" })).status).toBe(404);
    expect(opened).not.toHaveBeenCalled();

    const read = async () => (await fetch(`${world.url}/inner`)).status;
    expect(await Promise.all([read(), read(), read()])).toEqual([200, 200, 200]);
    expect(await read()).toBe(200);
    expect(opened).toHaveBeenCalledOnce();
  });

  test("knows the id, the address and the headers of the outer request", async () => {
    await using world = await outerWorld(echo());
    const answer = await fetch(`${world.url}/inner`);
    expect(await answer.json()).toEqual({ id: "request-1", address: "192.0.2.1" });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-request-id": "request-1",
      vary: "Origin",
      etag: '"1"',
    });
    const head = await fetch(`${world.url}/inner`, { method: "HEAD" });
    expect([head.status, head.headers.get("etag"), await head.text()]).toEqual([200, '"1"', ""]);
  });

  test("reads a body that arrives while it is opened", async () => {
    const opening = Promise.withResolvers<void>();
    await using world = await outerWorld(echo(() => opening.promise));
    const answer = fetch(`${world.url}/inner`, { method: "POST", body: "the body" });
    opening.resolve();
    expect(await (await answer).json()).toEqual({ body: "the body" });
    const tooLong = await fetch(`${world.url}/inner`, { method: "POST", body: "x".repeat(16 * 1024 + 1) });
    expect([tooLong.status, await tooLong.json()]).toEqual([413, refused("body_too_large")]);
    await vi.waitFor(() => expect(world.codes).toEqual([null, "body_too_large"]));
  });

  test("that fails to open gets 500 with its cause in the log, and is opened by the next request", async () => {
    const opened = vi.fn(async () => {}).mockRejectedValueOnce(new Error("too many open files"));
    await using world = await outerWorld(echo(opened));
    const failed = await fetch(`${world.url}/inner`);
    expect([failed.status, await failed.json()]).toEqual([500, refused("internal_error")]);
    expect(world.lines).toEqual([
      {
        level: "error",
        fields: expect.objectContaining({
          requestId: "request-1",
          route: "/inner",
          err: expect.objectContaining({ message: "too many open files" }),
        }),
      },
    ]);
    await vi.waitFor(() => expect(world.codes).toEqual(["internal_error"]));
    expect(opened).toHaveBeenCalledOnce();
    expect((await fetch(`${world.url}/inner`)).status).toBe(200);
    expect(opened).toHaveBeenCalledTimes(2);
  });

  test("answers the refusals of outer hooks in its own form", async () => {
    const parts: InnerApp = {
      paths: { "/inner": ["GET", "HEAD"] },
      async open(inner) {
        inner.register(async (scope) => {
          scope.setErrorHandler((_error, _request, reply) => {
            reply.refusal = "uri_too_long";
            return reply.code(414).type("text/html").send("<p>Refused</p>");
          });
          scope.get("/inner", () => "reached");
        });
      },
    };
    await using world = await outerWorld(parts, new LatchkeyError("uri_too_long"));
    const answer = await fetch(`${world.url}/inner`);
    expect([answer.status, await answer.text()]).toEqual([414, "<p>Refused</p>"]);
    await vi.waitFor(() => expect(world.codes).toEqual(["uri_too_long"]));
  });

  test("is not opened by a preflight that is refused like a method without a route", async () => {
    const opened = vi.fn(async () => {});
    const paths = { "/inner": ["GET", "HEAD", "POST", "OPTIONS"] } as const;
    await using world = await outerWorld({ ...echo(opened), paths, refusesPreflights: true });
    expect((await fetch(`${world.url}/inner`, { method: "OPTIONS" })).status).toBe(404);
    expect(opened).not.toHaveBeenCalled();
  });

  test("logs a client that leaves in the middle of its body while it is opened", async () => {
    const opening = Promise.withResolvers<void>();
    await using world = await outerWorld(echo(() => opening.promise));
    const gone = Promise.withResolvers<void>();
    world.app.server.on("request", (request) => request.on("close", () => gone.resolve()));
    const socket = connect(Number(new URL(world.url).port), "127.0.0.1");
    socket.write("POST /inner HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf");
    await once(world.app.server, "request");
    socket.destroy();
    await gone.promise;
    opening.resolve();
    await vi.waitFor(() => expect(world.lines).toEqual([{ level: "debug", fields: refused("client_gone") }]));
    await nextTurn();
    expect((await fetch(`${world.url}/inner`)).status).toBe(200);
  });

  test.each([
    ["a path without a route", { "/inner": ["GET", "HEAD", "POST"], "/more": ["PUT"] }, "PUT /more"],
    ["a route without a path", { "/inner": ["GET", "POST"] }, "HEAD /inner"],
  ] as const)("with %s is refused, and the log names it", async (_, paths, named) => {
    await using world = await outerWorld({ ...echo(), paths });
    expect((await fetch(`${world.url}/inner`)).status).toBe(500);
    expect(world.lines[0]?.fields).toMatchObject({ err: { message: expect.stringContaining(named) } });
  });
});

test("every inner app of the server has the routes of its table", async () => {
  await using server = await testServer();
  // The document opens the administration and the own account.
  const paths = ["/openapi.json", "/account/sign-in", "/oauth/authorize", "/"];
  const statuses = await Promise.all(
    paths.map(async (path) => {
      const { status } = await fetch(`${server.url}${path}`, { headers: { accept: "text/html" } });
      return [path, status];
    }),
  );
  expect(statuses).toEqual([
    ["/openapi.json", 200],
    ["/account/sign-in", 200],
    ["/oauth/authorize", 400],
    ["/", 200],
  ]);
});
