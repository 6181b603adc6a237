import type { IncomingHttpHeaders } from "node:http";
import express, { type ErrorRequestHandler, Router } from "express";
import Fastify, { type FastifyRequest } from "fastify";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { afterEach, describe, expect, test } from "vitest";
import "../../src/adapters/express.ts";
import "../../src/adapters/fastify.ts";
import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { createRouteGuards } from "../../src/adapters/route-guards.ts";
import type { RouteDecision } from "../../src/adapters/route-options.ts";
import { allow, type Principal } from "../../src/index.ts";
import { fromFetch, listen, type Running } from "./hosts.ts";
import { send } from "./send.ts";

const issuer = await TestIssuer.make();
const decisions: RouteDecision[] = [];
const guard = createRouteGuards(issuer.guard(), { onDecision: (decision) => decisions.push(decision) });
const alice = await issuer.token();
const authorization = `Bearer ${alice}`;
const signedIn = [["Authorization", authorization]] as const;

const running: Running[] = [];
afterEach(async () => {
  decisions.length = 0;
  await Promise.all(running.splice(0).map((one) => one.close()));
});

async function serve(...listener: Parameters<typeof listen>): Promise<string> {
  const one = await listen(...listener);
  running.push(one);
  return one.url;
}

describe("Fastify", () => {
  const app = Fastify();
  app.get("/open", () => "open");
  app.register(async (inside) => {
    inside.addHook("onRequest", guard.fastify());
    inside.setNotFoundHandler({ preHandler: guard.fastify() }, (_request, reply) =>
      reply.code(404).send("no"),
    );
    inside.get("/me", ({ principal }) => principal.username);
    inside.get("/admin", { onRequest: guard.fastify(allow.roles("admin")) }, () => "reached");
    inside.post(
      "/notes",
      {
        preHandler: guard.fastify(
          allow.when(
            (who, { body }: FastifyRequest<{ Body: { owner: string } }>) => body.owner === who.username,
          ),
        ),
      },
      () => "reached",
    );
  });

  test.each<[string, "GET" | "HEAD" | "POST", string, IncomingHttpHeaders, object | undefined, number]>([
    ["a route outside the guarded part", "GET", "/open", {}, undefined, 200],
    ["a guarded route", "GET", "/me", {}, undefined, 401],
    ["a guarded route, with a token", "GET", "/me", { authorization }, undefined, 200],
    ["the HEAD route that comes with it", "HEAD", "/me", {}, undefined, 401],
    ["a route with a rule besides", "GET", "/admin", { authorization }, undefined, 403],
    ["no such route, to a stranger", "GET", "/nowhere", {}, undefined, 401],
    ["no such route", "GET", "/nowhere", { authorization }, undefined, 404],
    ["a rule that looks at the body", "POST", "/notes", { authorization }, { owner: "alice" }, 200],
    [
      "a rule that looks at the body, which says otherwise",
      "POST",
      "/notes",
      { authorization },
      { owner: "bob" },
      403,
    ],
    ["a rule that looks at a body that is not there", "POST", "/notes", { authorization }, undefined, 403],
  ])("%s", async (_name, method, url, headers, body, status) => {
    const options = { method, url, headers, ...(body !== undefined && { body }) };
    expect((await app.inject(options)).statusCode).toBe(status);
  });

  test("no handler runs while a refusal is being sent", async () => {
    const slow = Fastify();
    let reached = 0;
    slow.addHook("onSend", async (_request, _reply, payload) => {
      await new Promise(setImmediate);
      return payload;
    });
    slow.get("/me", { onRequest: guard.fastify() }, () => {
      reached += 1;
      return "reached";
    });
    expect(await slow.inject("/me")).toMatchObject({ statusCode: 401 });
    expect(reached).toBe(0);
    expect((await slow.inject({ url: "/me", headers: { authorization } })).body).toBe("reached");
    expect(reached).toBe(1);
  });
});

describe("Express", () => {
  test("the audit has the whole path, and a path without a route is guarded", async () => {
    const app = express();
    const router = Router();
    router.get("/me", guard.express(allow.roles("admin")), (_request, response) => {
      response.end("reached");
    });
    app.use("/api", guard.express(), router);
    const url = await serve(app);
    expect(await send(url, { path: "/api/nowhere" })).toMatchObject({ status: 401 });
    expect(await send(url, { path: "/api/nowhere", headers: signedIn })).toMatchObject({ status: 404 });
    expect(await send(url, { path: "/api/me?page=2", headers: signedIn })).toMatchObject({ status: 403 });
    expect(decisions.map(({ path, outcome }) => `${path} ${outcome}`)).toEqual([
      "/api/nowhere denied",
      "/api/nowhere allowed",
      "/api/me allowed",
      "/api/me denied",
    ]);
  });

  test("a token that earlier middleware puts into the header counts", async () => {
    const app = express();
    app.use((request, _response, next) => {
      request.headers.authorization = authorization;
      next();
    });
    app.get("/me", guard.express(), ({ principal }, response) => {
      response.end(principal.username);
    });
    const url = await serve(app);
    expect(await send(url, {})).toMatchObject({ status: 200, body: "alice" });
    expect(await send(url, { headers: [["Authorization", "Basic YTpi"]] })).toMatchObject({ status: 200 });
    expect(await send(url, { headers: [...signedIn, ...signedIn] })).toMatchObject({ status: 401 });
  });

  test("a refusal after another response goes to the error handling", async () => {
    const app = express();
    const failed = Promise.withResolvers<unknown>();
    app.use((_request, response, next) => {
      next();
      response.status(504).end("too late");
    });
    app.use(guard.express());
    const handler: ErrorRequestHandler = (error, _request, _response, _next) => failed.resolve(error);
    app.use(handler);
    const url = await serve(app);
    expect(await send(url, {})).toMatchObject({ status: 504, body: "too late" });
    expect(await failed.promise).toMatchObject({ code: "ERR_HTTP_HEADERS_SENT" });
  });
});

describe("Hono", () => {
  test("CORS before the guard answers preflights, and refusals have its headers", async () => {
    const app = new Hono<{ Variables: { principal: Principal } }>();
    app.use(cors({ origin: "https://app.example", exposeHeaders: ["WWW-Authenticate"] }));
    app.use(guard.hono());
    app.get("/me", (context) => context.text(context.var.principal.username));
    const url = await serve(fromFetch(app.fetch));
    const origin = ["Origin", "https://app.example"] as const;
    const preflight = await send(url, {
      method: "OPTIONS",
      headers: [origin, ["Access-Control-Request-Method", "GET"]],
    });
    expect(preflight).toMatchObject({ status: 204, body: "" });
    const refused = await send(url, { headers: [origin] });
    expect(refused.status).toBe(401);
    expect(refused.headers).toMatchObject({
      "access-control-allow-origin": "https://app.example",
      "access-control-expose-headers": "WWW-Authenticate",
      "www-authenticate": "Bearer",
    });
    expect(await send(url, { headers: [origin, ...signedIn] })).toMatchObject({ status: 200, body: "alice" });
  });

  test("nested apps have the principal", async () => {
    type Env = { Variables: { principal: Principal } };
    const notes = new Hono<Env>();
    notes.get("/", (context) => context.text(context.get("principal").username));
    const app = new Hono<Env>();
    app.use("/notes/*", guard.hono());
    app.route("/notes", notes);
    expect((await app.request("/notes")).status).toBe(401);
    expect(await (await app.request("/notes", { headers: { authorization } })).text()).toBe("alice");
  });
});

describe("a fetch handler", () => {
  const request = (init: RequestInit = {}) =>
    new Request("https://notes.example/", { headers: { authorization }, ...init });

  test("receives the request unchanged, and all arguments of its platform", async () => {
    const sent = request({ method: "POST", body: "a note" });
    const handler = guard.fetch(
      async (received, { principal }, env: { name: string }, wait: () => string) => {
        expect(received).toBe(sent);
        expect(received.headers.get("authorization")).toBe(authorization);
        return new Response([principal.username, env.name, wait(), await received.text()].join(", "));
      },
    );
    const answer = await handler(sent, { name: "env" }, () => "ctx");
    expect(await answer.text()).toBe("alice, env, ctx, a note");
  });

  test("may answer without a promise; its errors are passed on", async () => {
    expect((await guard.fetch(() => new Response(null, { status: 204 }))(request())).status).toBe(204);
    const failing = guard.fetch(() => {
      throw new RangeError("its own");
    });
    await expect(failing(request())).rejects.toThrow(RangeError);
  });

  test("does not run for a refusal, and HEAD gets no body", async () => {
    const handler = guard.fetch(() => new Response("reached"), allow.roles("admin"));
    const head = await handler(request({ method: "HEAD" }));
    expect([head.status, head.body]).toEqual([403, null]);
    expect(await (await handler(request())).text()).not.toContain("reached");
  });

  test("needs a handler", () => {
    expect(() => Reflect.apply(guard.fetch, guard, [])).toThrow(TypeError);
    expect(() => Reflect.apply(guard.fetch, guard, [allow.roles("admin")])).toThrow(TypeError);
  });
});

describe("a guard method that was passed without a call admits no request", () => {
  test("Fastify", async () => {
    const app = Fastify();
    // @ts-expect-error
    app.get("/me", { onRequest: guard.fastify }, () => "reached");
    expect((await app.inject({ url: "/me", headers: { authorization } })).statusCode).toBe(500);
  });

  test("Express", async () => {
    const app = express();
    app.get(
      "/me",
      Reflect.get(guard, "express"),
      (_request: unknown, response: { end(body: string): void }) => {
        response.end("reached");
      },
    );
    expect((await send(await serve(app), { headers: signedIn })).status).toBe(500);
  });

  test("Hono", async () => {
    const app = new Hono();
    app.onError((_error, context) => context.body(null, 500));
    app.get("/me", Reflect.get(guard, "hono"), (context) => context.text("reached"));
    expect((await app.request("/me", { headers: { authorization } })).status).toBe(500);
  });
});
