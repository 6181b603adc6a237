import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errorCodes } from "../../src/core/errors.ts";
import { powers } from "../../src/core/people/powers.ts";

interface Answer {
  readonly headers?: object;
  readonly content: Readonly<Record<string, { readonly examples: Readonly<Record<string, unknown>> }>>;
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly security: readonly { readonly HTTPBearer?: readonly string[] }[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, Answer>>;
}

let server: TestServer;
let operations: readonly (readonly [name: string, operation: Operation])[];
beforeAll(async () => {
  server = await testServer();
  const document: { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> } =
    JSON.parse(await (await fetch(`${server.url}/openapi.json`)).text());
  operations = Object.entries(document.paths)
    .filter(([path]) => path.startsWith("/admin/v1/"))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
    );
});
afterAll(() => server[Symbol.asyncDispose]());

test("every operation names its powers, and every power opens one", () => {
  const named = operations.flatMap(([, { security }]) =>
    security.flatMap(({ HTTPBearer = [] }) => HTTPBearer),
  );
  expect([...new Set(named)].sort()).toEqual([...powers].sort());
  for (const [name, { security }] of operations) expect(security[0]?.HTTPBearer, name).not.toHaveLength(0);
});

test("operation ids are unique, and each is under Administration", () => {
  const ids = operations.map(([, { operationId }]) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [name, { tags }] of operations) expect(tags, name).toEqual(["Administration"]);
});

test("every operation lists its refusals, each with an example of a known code", () => {
  for (const [name, { responses, requestBody }] of operations) {
    const expected = [
      "401",
      "403",
      "404",
      "4XX",
      "500",
      "503",
      ...(requestBody ? ["400", "413", "422"] : []),
    ];
    expect(Object.keys(responses), name).toEqual(expect.arrayContaining(expected));
    for (const [status, { content }] of Object.entries(responses).filter(([code]) => !code.startsWith("2"))) {
      const codes = Object.keys(content["application/json"]?.examples ?? {});
      expect(codes, `${name} ${status}`).not.toHaveLength(0);
      for (const code of codes) expect(errorCodes, `${name} ${status}`).toContain(code);
    }
  }
});

test("requests that send a mail name their limit, and the headers that tell when to come back", () => {
  const limited = operations.filter(([, { responses }]) => "429" in responses);
  expect(limited.map(([name]) => name)).toEqual([
    "post /admin/v1/users/{id}/reset",
    "post /admin/v1/invitations",
  ]);
  for (const [name, { responses }] of limited)
    expect(Object.keys(responses["429"]?.headers ?? {}), name).toEqual(
      expect.arrayContaining(["Retry-After", "RateLimit", "RateLimit-Policy"]),
    );
});

test("changes of a user take If-Match, creating requests an Idempotency-Key", () => {
  const withHeader = (header: string) =>
    operations
      .filter(([, { parameters = [] }]) =>
        parameters.some((one) => one.in === "header" && one.name === header),
      )
      .map(([name]) => name);
  expect(withHeader("if-match")).toEqual([
    "patch /admin/v1/users/{id}",
    "delete /admin/v1/users/{id}",
    "put /admin/v1/users/{id}/password",
    "post /admin/v1/users/{id}/disable",
    "post /admin/v1/users/{id}/enable",
    "post /admin/v1/users/{id}/unlock",
    "post /admin/v1/users/{id}/erase",
    "post /admin/v1/users/{id}/reset",
    "delete /admin/v1/users/{id}/sessions",
  ]);
  expect(withHeader("idempotency-key")).toEqual([
    "post /admin/v1/users",
    "post /admin/v1/invitations",
    "post /admin/v1/clients",
  ]);
});
