import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import * as errors from "../src/index.ts";
import { AuthClient, type KnownError } from "../src/index.ts";
import { answers, deadAddress, type MisbehavingServer, misbehavingServer } from "./misbehaving-server.ts";
import { verbs } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const client = () => new AuthClient({ baseURL: server.url, retry: false });

/** The `APIError` that a call rejects with. */
async function apiErrorOf(call: Promise<unknown>): Promise<errors.APIError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof errors.APIError) return error;
  throw new Error(`This is not an APIError: ${String(error)}`);
}

describe.each(Object.entries(verbs))("%s throws for a status of", (_name, verb) => {
  test.each([
    [302, "api", "APIError", []],
    [304, "api", "APIError", []],
    [400, "bad_request", "BadRequestError", []],
    [401, "unauthorized", "UnauthorizedError", []],
    [403, "forbidden", "ForbiddenError", ["UnauthorizedError"]],
    [404, "not_found", "NotFoundError", []],
    [405, "api", "APIError", []],
    [409, "api", "APIError", []],
    [418, "api", "APIError", []],
    [422, "validation", "ValidationError", ["BadRequestError"]],
    [429, "rate_limit", "RateLimitError", []],
    [500, "server", "ServerError", []],
    [503, "server", "ServerError", []],
    [999, "server", "ServerError", []],
  ] as const)("%i: kind %s, a %s", async (status, kind, name, parents) => {
    server.will(answers(status));
    const error = await apiErrorOf(verb(client()));
    expect(error).toMatchObject({ status, kind, name });
    const lineage = Object.entries(errors).filter(
      ([, one]) => typeof one === "function" && error instanceof one,
    );
    const classes = ["APIError", "AuthError", ...parents, ...(name === "APIError" ? [] : [name])];
    expect(lineage.map(([each]) => each).toSorted()).toEqual(classes.toSorted());
  });
});

describe("an APIError has", () => {
  const body = { message: "Slow down", code: "too_many_attempts", more: [1] };

  test("code, request id, retryAfter, body and headers", async () => {
    server.will(answers(429, body, { "x-request-id": "r-1", "retry-after": "9", "x-more": "yes" }));
    const error = await apiErrorOf(client().me());
    expect(error).toMatchObject({ code: "too_many_attempts", requestId: "r-1", retryAfter: 9, data: body });
    expect(error.body).toBe(JSON.stringify(body));
    expect(error.headers.get("x-more")).toBe("yes");
  });

  test("code and request id as own properties, which loggers and JSON show", async () => {
    server.will(answers(429, body, { "x-request-id": "r-1" }));
    const error = await apiErrorOf(client().me());
    expect(Object.keys(error)).toEqual(expect.arrayContaining(["kind", "status", "code", "requestId"]));
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: "RateLimitError",
      kind: "rate_limit",
      status: 429,
      code: "too_many_attempts",
      requestId: "r-1",
    });
    expect(inspect(error)).toMatch(/code: 'too_many_attempts',\s+requestId: 'r-1'/);
  });

  test.each([
    ["a control character", "wrong\u001b[2J"],
    ["a second line", "wrong\nforged"],
    ["a blank", "wrong password"],
    ["no text", ""],
    ["129 characters", "x".repeat(129)],
    ["a megabyte", "x".repeat(1_000_000)],
  ])("no code with %s, and its text stays in data", async (_case, code) => {
    server.will(answers(400, { message: "Wrong", code }));
    const error = await apiErrorOf(client().me());
    expect(error).toMatchObject({ message: "Wrong", data: { code } });
    expect(Object.keys(error)).not.toContain("code");
  });

  test.each(["wrong password", "x".repeat(129)])(
    "no requestId with a blank or 129 characters: %s",
    async (id) => {
      server.will(answers(400, {}, { "x-request-id": id }));
      const error = await apiErrorOf(client().me());
      expect(error.headers.get("x-request-id")).toBe(id);
      expect(Object.keys(error)).not.toContain("requestId");
    },
  );

  test("undefined for parts that the server left out", async () => {
    server.will(answers(500, ""));
    const error = await apiErrorOf(client().me());
    const { code, requestId, retryAfter, data } = error;
    expect({ code, requestId, retryAfter, data, body: error.body }).toEqual({ body: "" });
    expect(Object.keys(error).toSorted()).toEqual(["kind", "name", "status"]);
  });

  test("retryAfter in seconds of a date, by the server's clock", async () => {
    const headers = { date: "Thu, 01 Jan 1998 00:00:00 GMT", "retry-after": "Thu, 01 Jan 1998 00:01:40 GMT" };
    server.will(answers(503, {}, headers));
    expect((await apiErrorOf(client().me())).retryAfter).toBe(100);
  });

  test("no code if it is not a string", async () => {
    server.will(answers(400, { code: 17 }));
    expect((await apiErrorOf(client().me())).code).toBeUndefined();
  });

  test.each([302, 304, 404, 500, 999])("the response of a %i, readable several times", async (status) => {
    server.will(answers(status, status === 304 ? "" : body, { "x-more": "yes" }));
    const error = await apiErrorOf(client().me());
    for (const response of [error.response, error.response]) {
      // `Response` rejects any status above 599.
      expect(response.status).toBe(status === 999 ? 502 : status);
      expect(response.headers.get("x-more")).toBe("yes");
      expect(await response.text()).toBe(error.body);
    }
  });

  test("the issues of a 422, with missing parts filled in", async () => {
    const detail = [
      { loc: ["body", "items", 3, "name"], msg: "Field required", type: "missing", input: {} },
      { loc: ["body", null, {}], msg: "Wrong" },
      { loc: "body" },
      "text",
      null,
    ];
    server.will(answers(422, { detail }));
    const error = await client()
      .me()
      .catch((reason: unknown) => reason);
    expect(error instanceof errors.ValidationError && error.issues).toEqual([
      { loc: ["body", "items", 3, "name"], msg: "Field required", type: "missing" },
      { loc: ["body"], msg: "Wrong", type: "" },
      { loc: [], msg: "", type: "" },
      { loc: [], msg: "", type: "" },
      { loc: [], msg: "", type: "" },
    ]);
  });

  test.each([["text"], [undefined], [{ loc: [] }], [null]])("no issues if detail is %j", async (detail) => {
    server.will(answers(422, { detail }));
    await expect(client().me()).rejects.toMatchObject({ kind: "validation", issues: [] });
  });
});

test("a ConnectionError has the code of its cause as an own property", async () => {
  const auth = new AuthClient({ baseURL: await deadAddress(), retry: false });
  const error = await auth.me().catch((reason: unknown) => reason);
  expect(JSON.parse(JSON.stringify(error))).toMatchObject({ kind: "connection", code: "ECONNREFUSED" });
});

test("the union of kinds is complete", () => {
  expectTypeOf<KnownError["kind"]>().toEqualTypeOf<
    | "api"
    | "bad_request"
    | "validation"
    | "unauthorized"
    | "forbidden"
    | "not_found"
    | "rate_limit"
    | "server"
    | "response_validation"
    | "connection"
    | "timeout"
    | "aborted"
    | "signed_out"
  >();
});
