import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test, vi } from "vitest";

const bundle = "/docs/static/swagger-ui-bundle.js";

test.each([
  "/docs",
  "/docs/",
  "/docs/json",
  "/docs/static/swagger-ui.css",
  "/docs/static/theme/latchkey.css",
])("HEAD %s has the headers of GET", async (path) => {
  await using server = await testServer();
  const headersOf = async (method: string) => {
    const { status, headers } = await fetch(`${server.url}${path}`, { method, redirect: "manual" });
    const varying = ["x-request-id", "date", "connection", "keep-alive", "transfer-encoding"];
    return [status, [...headers].filter(([name]) => !varying.includes(name))];
  };
  expect(await headersOf("HEAD")).toEqual(await headersOf("GET"));
});

test("a browser keeps its copy of a file if it is unchanged", async () => {
  await using server = await testServer();
  const etag = (await fetch(`${server.url}${bundle}`)).headers.get("etag") ?? "";
  const again = await fetch(`${server.url}${bundle}`, {
    headers: { "if-none-match": etag, "cache-control": "max-age=0" },
  });
  expect([again.status, (await again.bytes()).length]).toEqual([304, 0]);
});

test("concurrent first requests all get the document", async () => {
  await using server = await testServer();
  const read = async () => (await fetch(`${server.url}/openapi.json`)).text();
  const [first, ...others] = await Promise.all(Array.from({ length: 10 }, read));
  expect(first).toContain('"openapi":"3.1.0"');
  expect(new Set(others)).toEqual(new Set([first]));
});

test("a refusal has the request's id, and is logged and counted under its code", async () => {
  await using server = await testServer();
  const answer = await fetch(`${server.url}/docs/static/nothing.js`);
  expect([answer.status, await answer.json()]).toEqual([404, expect.objectContaining({ code: "not_found" })]);
  expect(server.logged().filter(({ msg }) => msg === "request refused")).toEqual([
    expect.objectContaining({ requestId: answer.headers.get("x-request-id"), code: "not_found" }),
  ]);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain('latchkey_requests_total{operation="docs",code="not_found"} 1');
});

describe.runIf(process.platform === "linux")("a hang-up", () => {
  test("in the middle of a file closes it", async () => {
    await using server = await testServer();
    for (let caller = 0; caller < 5; caller++) {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        get(`${server.url}${bundle}`, resolve).on("error", reject);
      });
      await vi.waitFor(() => expect(openBundles()).toBe(1));
      answer.destroy();
      await vi.waitFor(() => expect(openBundles()).toBe(0));
    }
  });

  test("before the answer leaves no open file and no line of an error", async () => {
    await using server = await testServer();
    const { port } = new URL(server.url);
    for (let caller = 0; caller < 40; caller++) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.write(`GET ${bundle} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await once(socket, "connect");
      // Some hang up before the request is read, others while the file is opened.
      for (let turn = 0; turn < caller; turn++) await nextTurn();
      socket.destroy();
    }
    expect((await fetch(`${server.url}/docs/`)).status).toBe(200);
    await vi.waitFor(() => expect(openBundles()).toBe(0));
    expect(server.logged().filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });
});

function openBundles(): number {
  const files = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return files.filter((file) => file.endsWith("swagger-ui-bundle.js")).length;
}
