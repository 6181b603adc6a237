import express, { type Request as ExpressRequest, type RequestHandler } from "express";
import Fastify, { type FastifyRequest } from "fastify";
import { type Context, Hono } from "hono";
import { describe, expect, expectTypeOf, test } from "vitest";
import "../../src/adapters/express.ts";
import "../../src/adapters/fastify.ts";
import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { createRouteGuards } from "../../src/adapters/route-guards.ts";
import { allow, type Principal, type Rule } from "../../src/index.ts";

const guard = createRouteGuards((await TestIssuer.make()).guard());

describe("Fastify", () => {
  const app = Fastify();

  test("the request of a handler has a principal", () => {
    app.addHook("onRequest", guard.fastify());
    app.addHook("preHandler", guard.fastify(allow.roles("user")));
    app.get("/principal", (request) => {
      expectTypeOf(request.principal).toEqualTypeOf<Principal>();
    });
  });

  test("a rule receives the request with the types of its route", () => {
    app.get<{ Params: { id: string } }>(
      "/notes/:id",
      {
        onRequest: guard.fastify(
          allow.when((principal, request) => {
            expectTypeOf(principal).toEqualTypeOf<Principal>();
            expectTypeOf(request.params.id).toEqualTypeOf<string>();
            return true;
          }),
        ),
      },
      () => ({}),
    );
    const own = (_principal: Principal, request: FastifyRequest) => request.method === "GET";
    app.get(
      "/own",
      { onRequest: guard.fastify(allow.all(allow.roles("user"), allow.when(own))) },
      () => ({}),
    );
    app.route({
      method: "GET",
      url: "/list",
      onRequest: [guard.fastify(), guard.fastify(allow.when(own))],
      handler: () => ({}),
    });
  });
});

describe("Express", () => {
  const app = express();

  test("the request of a handler has a principal", () => {
    expectTypeOf(guard.express()).toExtend<RequestHandler>();
    app.use(guard.express());
    app.get("/principal", guard.express(allow.roles("user")), (request, response) => {
      expectTypeOf(request.principal).toEqualTypeOf<Principal>();
      response.end();
    });
  });

  test("a rule receives the request", () => {
    app.use(
      guard.express(
        allow.when((principal, request: ExpressRequest) => {
          expectTypeOf(principal).toEqualTypeOf<Principal>();
          expectTypeOf(request.params).toExtend<object>();
          return request.ip !== undefined;
        }),
      ),
    );
  });
});

describe("fetch", () => {
  test("a worker's own request type is kept", () => {
    type Sent = Request & { readonly cf: { readonly country: string } };
    const handler = guard.fetch((request: Sent) => new Response(request.cf.country));
    expectTypeOf(handler).parameter(0).toEqualTypeOf<Sent>();
  });

  test("a handler receives request, principal and the platform's arguments", () => {
    const handler = guard.fetch((request, guarded, env: { DB: string }) => {
      expectTypeOf(request).toEqualTypeOf<Request>();
      expectTypeOf(guarded.principal).toEqualTypeOf<Principal>();
      return new Response(env.DB);
    });
    expectTypeOf(handler).parameters.toEqualTypeOf<[request: Request, env: { DB: string }]>();
    expectTypeOf(handler).returns.toEqualTypeOf<Promise<Response>>();
    expectTypeOf(guard.fetch(() => new Response())).toBeCallableWith(new Request("http://a.example"));
  });

  test("a rule receives the request", () => {
    guard.fetch(
      () => new Response(),
      allow.when((_principal, request) => {
        expectTypeOf(request).toEqualTypeOf<Request>();
        return true;
      }),
    );
  });
});

describe("Hono", () => {
  const app = new Hono<{ Variables: { principal: Principal } }>();

  test("the context of a handler has a principal", () => {
    app.use(guard.hono());
    app.get("/principal", guard.hono(allow.roles("user")), (context) => {
      expectTypeOf(context.var.principal).toEqualTypeOf<Principal>();
      expectTypeOf(context.get("principal")).toEqualTypeOf<Principal>();
      return context.body(null);
    });
  });

  test("a rule receives the context", () => {
    app.get(
      "/notes/:id",
      guard.hono(allow.when((_principal, context: Context) => context.req.param("id") !== "1")),
      (context) => context.body(null),
    );
  });
});

describe("rules", () => {
  test("accept the arguments that all parts accept", () => {
    const own = allow.when((_principal, { owner }: { owner: string }) => owner !== "");
    const dated = allow.when((_principal, { date }: { date: Date }) => date.getTime() > 0);
    expectTypeOf(own).toEqualTypeOf<Rule<{ owner: string }>>();
    expectTypeOf(allow.all(allow.roles("user"), own)).toEqualTypeOf<Rule<{ owner: string }>>();
    type Both = { owner: string } & { date: Date };
    expectTypeOf(allow.any<Both>(own, dated)).toEqualTypeOf<Rule<Both>>();
    expectTypeOf(allow.roles("user")).toExtend<Rule<FastifyRequest>>();
    expectTypeOf(own).not.toExtend<Rule<unknown>>();
  });

  test("need at least one name", () => {
    // @ts-expect-error
    expect(() => allow.roles()).toThrow(TypeError);
    // @ts-expect-error
    expect(() => allow.scopes()).toThrow(TypeError);
  });

  test("may not be undefined, the value of a misspelt name", () => {
    const rules: { readonly admins?: Rule<unknown> } = {};
    // @ts-expect-error
    expect(() => guard.fastify(rules.admins)).toThrow(TypeError);
    // @ts-expect-error
    expect(() => guard.express(rules.admins)).toThrow(TypeError);
    // @ts-expect-error
    expect(() => guard.fetch(() => new Response(), rules.admins)).toThrow(TypeError);
    // @ts-expect-error
    expect(() => guard.hono(rules.admins)).toThrow(TypeError);
  });
});
