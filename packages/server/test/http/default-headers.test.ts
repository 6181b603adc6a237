import { once } from "node:events";
import { createServer, type OutgoingHttpHeader, request } from "node:http";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AnswerWithDefaults, HeaderLines, sendsDefaults } from "../../src/http/default-headers.ts";
import { securityHeadersOf } from "../../src/http/response-headers.ts";

const defaults = securityHeadersOf({ issuer: "https://login.example.com", hstsSubdomains: false });
const names = [...Object.keys(defaults), "content-type", "allow"];

/** The ways in which a route can give fields to Node. */
const ways = {
  object: (response, fields) => response.writeHead(200, fields),
  list: (response, fields) => response.writeHead(200, Object.entries(fields).flat()),
  pairs: (response, fields) => response.writeHead(200, Object.entries(fields)),
  progressive(response, fields) {
    for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
  },
  mixed(response, fields) {
    response.setHeader("allow", "GET");
    response.writeHead(200, fields);
  },
  none: () => undefined,
} satisfies Record<string, (response: AnswerWithDefaults, fields: Record<string, string>) => unknown>;

/** The fields that a client receives. */
async function received(
  answer: (response: AnswerWithDefaults) => unknown,
): Promise<(readonly [string, string])[]> {
  const server = createServer({ ServerResponse: AnswerWithDefaults }, (_request, response) => {
    response.defaults = new HeaderLines(defaults);
    response.requestId = "a-1.b_2";
    answer(response);
    response.end("ok");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const address = server.address();
    const [response] = await once(
      request({
        port: typeof address === "object" ? address?.port : 0,
        host: "127.0.0.1",
        agent: false,
      }).end(),
      "response",
    );
    response.resume();
    const raw: string[] = response.rawHeaders;
    return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""] as const] : []));
  } finally {
    server.close();
  }
}

test("this Node sends the defaults", () => {
  expect(sendsDefaults).toBe(true);
});

test("a field that a route gives replaces the default of its name, in any case and in each way", async () => {
  const fields = fc.dictionary(
    fc.constantFrom(...names).chain((name) => fc.mixedCase(fc.constant(name))),
    fc.stringMatching(/^[!-~]{1,20}$/),
    { maxKeys: 5 },
  );
  const way = fc.constantFrom(...Object.entries(ways));
  await fc.assert(
    fc.asyncProperty(way, fields, async ([name, give], given) => {
      const distinct = new Map(
        Object.entries(given).map(([key, value]) => [key.toLowerCase(), [key, value] as const]),
      );
      const sent = await received((response) => give(response, Object.fromEntries(distinct.values())));
      const own = name === "none" ? [] : [...distinct].map(([key, [, value]]) => [key, value] as const);
      const extra = name === "mixed" ? { allow: "GET" } : {};
      const byNode = new Set(["date", "connection", "keep-alive", "content-length", "transfer-encoding"]);
      const kept = sent
        .map(([key, value]) => [key.toLowerCase(), value] as const)
        .filter(([key]) => !byNode.has(key));
      expect(kept.toSorted()).toEqual(
        Object.entries({
          ...defaults,
          ...extra,
          ...Object.fromEntries(own),
          "x-request-id": "a-1.b_2",
        }).toSorted(),
      );
    }),
    { numRuns: 200 },
  );
});

const lists: [what: string, fields: OutgoingHttpHeader[], sent: string][] = [
  ["a member of a list of values is no name", ["set-cookie", ["a=1", "x-frame-options"]], "DENY"],
  ["a name behind a list of values is one", ["set-cookie", ["a=1", "b=2"], "X-Frame-Options", "ok"], "ok"],
];
test.for(lists)("%s", async ([, fields, value]) => {
  const sent = await received((response) => response.writeHead(200, fields));
  expect(
    sent.filter(([name]) => name.toLowerCase() === "x-frame-options").map(([, sentOne]) => sentOne),
  ).toEqual([value]);
});

test("a field replaces the id of the request", async () => {
  const sent = await received((response) => response.writeHead(200, { "X-Request-Id": "own" }));
  expect(sent.filter(([name]) => name.toLowerCase() === "x-request-id")).toEqual([["X-Request-Id", "own"]]);
});

test.for([
  [{ "x frame": "DENY" }, "ERR_INVALID_HTTP_TOKEN"],
  [{ "x-frame-options": "DENY\r\nset-cookie: a=b" }, "ERR_INVALID_CHAR"],
] as const)("lines of %j are refused", ([headers, code]) => {
  expect(() => new HeaderLines(headers)).toThrow(expect.objectContaining({ code }));
});
