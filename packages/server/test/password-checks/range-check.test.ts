import { createHash } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import { listenLocally } from "@latchkey/testkit/sockets";
import { describe, expect, test } from "vitest";
import { rangeCheck } from "../../src/password-checks/range-check.ts";

const hash = createHash("sha1").update("hunter2 is known").digest("hex").toUpperCase();
const [prefix, rest] = [hash.slice(0, 5), hash.slice(5)];
const others = Array.from(
  { length: 900 },
  (_, n) => `${n.toString(16).toUpperCase().padStart(35, "0")}:${n}`,
);

/** A real service at a local address. */
async function service(answer: RequestListener) {
  const requests: { url: string | undefined; headers: NodeJS.Dict<string | string[]> }[] = [];
  const server = createServer((request, response) => {
    requests.push({ url: request.url, headers: request.headers });
    answer(request, response);
  });
  const port = await listenLocally(server);
  let time = 0;
  const causes: string[] = [];
  return {
    requests,
    causes,
    advance: (ms: number) => {
      time += ms;
    },
    check: rangeCheck({
      url: `http://127.0.0.1:${port}/range`,
      steady: () => time,
      onUnavailable: (cause) => causes.push(cause),
      timeoutMs: 500,
      mostRequests: 2,
    }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const range =
  (...lines: string[]): RequestListener =>
  (_, response) =>
    response.end([...others, ...lines].join("\r\n"));

test("a known password is found by five digits of its hash", async () => {
  await using known = await service(range(`${rest}:3`));
  expect(await known.check("hunter2 is known")).toBe("breached");
  expect(known.requests).toMatchObject([
    { url: `/range/${prefix}`, headers: { "add-padding": "true", "user-agent": "latchkey" } },
  ]);
  expect(JSON.stringify(known.requests)).not.toContain(rest);
});

test.each([
  ["one that is not in its range", range()],
  ["one whose line is padding", range(`${rest}:0`)],
])("%s is unknown", async (_, answer) => {
  await using asked = await service(answer);
  expect(await asked.check("hunter2 is known")).toBe("unknown");
  expect(asked.causes).toEqual([]);
});

test("an answer in lower case and with Unix line ends is understood", async () => {
  await using known = await service((_, response) => response.end(`${rest.toLowerCase()}:1\n`));
  expect(await known.check("hunter2 is known")).toBe("breached");
});

describe("the check is unavailable if the service", () => {
  test.each<[string, RequestListener, RegExp]>([
    ["answers nothing", () => {}, /^no whole answer in time$/],
    [
      "never ends its answer",
      (_, response) => void response.write(`${others[0]}\n`),
      /^no whole answer in time$/,
    ],
    ["hangs up", (request) => void request.socket.destroy(), /^UND_ERR_SOCKET$/],
    ["answers 500", (_, response) => void response.writeHead(500).end("sorry"), /^status 500$/],
    ["answers 429", (_, response) => void response.writeHead(429).end(), /^status 429$/],
    [
      "leads elsewhere",
      (_, response) => void response.writeHead(302, { location: "https://example.com/" }).end(),
      /^unexpected redirect$/,
    ],
    [
      "shows a page",
      (_, response) => void response.end("<html>Welcome</html>"),
      /^an answer that is not a range$/,
    ],
    ["knows nothing at all", (_, response) => void response.end(), /^an empty range$/],
    [
      "answers more than 256 KiB",
      (_, response) => void response.end("0".repeat(300_000)),
      /^more than 262144 bytes$/,
    ],
    ["answers something that is not text", (_, response) => void response.end(Buffer.of(0xff, 0xfe)), /./],
  ])("%s", async (_, answer, cause) => {
    await using asked = await service(answer);
    expect(await asked.check("hunter2 is known")).toBe("unavailable");
    expect(asked.causes).toEqual([expect.stringMatching(cause)]);
    expect(asked.causes.join()).not.toContain(prefix);
  });
});

test("after five failures in a row the service has time to recover", async () => {
  let broken = true;
  await using asked = await service((request, response) =>
    broken ? response.writeHead(503).end() : range(`${rest}:3`)(request, response),
  );
  for (let attempt = 0; attempt < 8; attempt++)
    expect(await asked.check("hunter2 is known")).toBe("unavailable");
  expect(asked.requests).toHaveLength(5);
  expect(asked.causes.at(-1)).toBe("not sent: the circuit is open after repeated failures");

  broken = false;
  asked.advance(1_000);
  expect(await asked.check("hunter2 is known")).toBe("breached");
});

test("a check beyond the limit of open requests is unavailable at once", async () => {
  const waiting: (() => void)[] = [];
  await using asked = await service((_, response) => {
    waiting.push(() => response.end(`${rest}:3`));
    // The first one is answered when both are here.
    if (waiting.length === 2) for (const go of waiting) go();
  });
  const admitted = [asked.check("hunter2 is known"), asked.check("hunter2 is known")];
  expect(await asked.check("hunter2 is known")).toBe("unavailable");
  expect(asked.causes).toEqual(["too many range checks at once"]);
  expect(await Promise.all(admitted)).toEqual(["breached", "breached"]);
});
