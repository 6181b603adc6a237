import { connect, createServer, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { DocumentHost, publicAddress } from "@latchkey/testkit/oauth/document-host";
import { listenLocally } from "@latchkey/testkit/sockets";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FetchFailed, FetchRefused } from "../../src/client-documents/json-answer.ts";
import { createSafeFetch } from "../../src/client-documents/safe-fetch.ts";

const path = "/oauth/client.json";
const url = `https://app.example${path}`;
const close = "connection: upgrade\r\n\r\n";
const half = "content-type: application/json\r\ncontent-length: 99\r\n";
const json = { "content-type": "application/json" };

let host: DocumentHost;
beforeAll(async () => {
  host = await DocumentHost.start();
});
afterAll(() => host[Symbol.asyncDispose]());
beforeEach(() => {
  host.answers.clear();
  host.asked.length = 0;
  host.connected.length = 0;
  host.addresses.set("app.example", [[publicAddress]]);
  host.publish(path, { client_id: url });
});

const fetchJson = (address = url, timeout?: number) => createSafeFetch(host.network, timeout)(address);

/** The class and the message of the error of a fetch. */
async function failureOf(address = url, timeout?: number): Promise<[kind: unknown, message: string]> {
  const error: unknown = await fetchJson(address, timeout).catch((thrown: unknown) => thrown);
  return error instanceof Error ? [error.constructor, error.message] : [undefined, "no error"];
}

test("JSON is read from a public address, without a secret in the request", async () => {
  host.publish(path, { client_id: url }, { "cache-control": "max-age=600" });
  expect(await fetchJson()).toEqual({
    text: `{"client_id":"${url}"}`,
    json: { client_id: url },
    freshFor: 600_000,
  });
  expect(host.connected).toEqual([`${publicAddress} 443`]);
  expect(Object.keys(host.headers).sort()).toEqual(["accept", "connection", "host", "user-agent"]);
});

test("a query is sent, and `application/…+json` is JSON too", async () => {
  host.publish(`${path}?tenant=1`, [1], { "content-type": "application/oauth-client+json; charset=utf-8" });
  expect(await fetchJson(`${url}?tenant=1`)).toMatchObject({ json: [1] });
});

describe("an address that is refused gets no connection:", () => {
  test.each([
    ["127.0.0.1"],
    ["169.254.169.254"],
    ["10.0.0.7"],
    ["192.168.1.1"],
    ["100.64.0.1"],
    ["0.0.0.0"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["::ffff:a00:7"],
    ["fd00::1"],
    ["fe80::1"],
    ["64:ff9b::a00:7"],
    ["2002:7f00:1::1"],
  ])("a name that resolves to %s fails like an unknown one", async (address) => {
    host.addresses.set("app.example", [[address]]);
    expect(await failureOf()).toEqual([FetchFailed, "app.example: no public address"]);
    expect(host.connected).toEqual([]);
  });

  test.each([
    "https://127.0.0.1/client.json",
    "https://10.0.0.7/client.json",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/client.json",
    "https://[::ffff:127.0.0.1]/client.json",
    "https://[fd00::1]/client.json",
    "https://[64:ff9b::a00:7]/client.json",
    "https://2130706433/client.json",
    "https://0x7f.1/client.json",
    "https://127.1/client.json",
    "https://0177.0.0.1/client.json",
  ])("the literal %s", async (address) => {
    const [kind, message] = await failureOf(address);
    expect([kind, message]).toEqual([FetchRefused, expect.stringMatching(/: no public address$/)]);
    expect(host.connected).toEqual([]);
  });

  test.each(["http://app.example/x", "https://app.example:8443/x", "ftp://app.example/x"])(
    "%s",
    async (address) => {
      expect(await failureOf(address)).toEqual([FetchRefused, "not https on port 443"]);
      expect(host.connected).toEqual([]);
    },
  );
});

test("inner addresses beside a public one get no connection", async () => {
  host.addresses.set("app.example", [["10.0.0.7", publicAddress, "::1"]]);
  expect(await fetchJson()).toMatchObject({ json: { client_id: url } });
  expect(host.connected).toEqual([`${publicAddress} 443`]);
});

test("of many addresses three of each family are tried", async () => {
  const numbers = Array.from({ length: 500 }, (_, number) => number);
  const v4 = numbers.map((number) => `8.8.${number >> 8}.${number & 255}`);
  const v6 = numbers.map((number) => `2606:4700::${number.toString(16)}`);
  host.addresses.set("app.example", [[...v4, ...v6]]);
  await failureOf();
  expect(host.connected).toEqual([...v4.slice(0, 3), ...v6.slice(0, 3)].map((one) => `${one} 443`));
});

test("a name server that changes its answer after the check gains nothing", async () => {
  host.addresses.set("app.example", [[publicAddress], ["127.0.0.1"]]);
  expect(await fetchJson()).toMatchObject({ json: { client_id: url } });
  expect(await failureOf()).toEqual([FetchFailed, "app.example: no public address"]);
  expect(host.connected).toEqual([`${publicAddress} 443`]);
});

test("an unknown name is a failure", async () => {
  expect(await failureOf("https://nowhere.example/x")).toEqual([FetchFailed, "nowhere.example: ENOTFOUND"]);
});

test("a certificate for another name, or of an unknown authority, is a failure", async () => {
  host.addresses.set("evil.example", [[publicAddress]]);
  const [kind, message] = await failureOf("https://evil.example/oauth/client.json");
  expect([kind, message]).toEqual([FetchFailed, "evil.example: ERR_TLS_CERT_ALTNAME_INVALID"]);
  const distrusting = createSafeFetch({ ...host.network, authorities: undefined });
  await expect(distrusting(url)).rejects.toThrow(FetchFailed);
  expect(host.asked).toEqual([]);
});

test("a redirect is refused and not followed", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    host.answers.set(path, (_request, response) => {
      response.writeHead(status, { ...json, location: "https://other.example/oauth/client.json" });
      response.end(JSON.stringify({ client_id: url }));
    });
    expect(await failureOf()).toEqual([FetchRefused, `app.example: status ${status}`]);
  }
  expect(new Set(host.asked)).toEqual(new Set([url]));
});

test.each([
  [404, FetchRefused],
  [410, FetchRefused],
  [403, FetchFailed],
  [401, FetchFailed],
  [429, FetchFailed],
  [500, FetchFailed],
  [503, FetchFailed],
])("status %i ends as it should", async (status, kind) => {
  host.answers.set(path, (_request, response) => response.writeHead(status, json).end("{}"));
  expect(await failureOf()).toEqual([kind, `app.example: status ${status}`]);
});

test("a body of 10 KiB is read, a longer one is refused, also an endless one", async () => {
  host.publish(path, "a".repeat(10_240 - 2));
  expect((await fetchJson()).text).toHaveLength(10_240);
  host.publish(path, "a".repeat(10_240 - 1));
  expect(await failureOf()).toEqual([FetchRefused, "app.example: more than 10240 bytes"]);
  const closed = Promise.withResolvers<void>();
  host.answers.set(path, (_request, response) => {
    response.writeHead(200, json);
    const more = () => {
      if (!response.destroyed) response.write("a".repeat(10_000), more);
    };
    response.on("close", closed.resolve);
    more();
  });
  expect(await failureOf()).toEqual([FetchRefused, "app.example: more than 10240 bytes"]);
  await closed.promise;
});

test.each([
  ["a page", { "content-type": "text/html" }, "<p>", "not a JSON document"],
  ["JSON that says that it is text", { "content-type": "text/plain" }, "{}", "not a JSON document"],
  ["no type", {}, "{}", "not a JSON document"],
  ["a script", { "content-type": "application/javascript" }, "{}", "not a JSON document"],
  ["half of JSON", json, '{"client_id":', "not JSON in UTF-8"],
  ["nothing", json, "", "not JSON in UTF-8"],
  ["bytes that are not UTF-8", json, Buffer.from([0x22, 0xff, 0x22]), "not JSON in UTF-8"],
  ["a compressed body", { ...json, "content-encoding": "gzip" }, "{}", "compressed"],
])("%s is refused", async (_, headers, body, reason) => {
  host.answers.set(path, (_request, response) => response.writeHead(200, headers).end(body));
  expect(await failureOf()).toEqual([FetchRefused, `app.example: ${reason}`]);
});

test("certificates are checked also if the environment turns the check off", async () => {
  const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  try {
    await expect(createSafeFetch({ ...host.network, authorities: undefined })(url)).rejects.toThrow(
      FetchFailed,
    );
  } finally {
    if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
  }
});

describe("a fetch ends after its timeout if the host", () => {
  const late = [FetchFailed, "app.example: no whole answer in time"];

  test("sends no answer", async () => {
    host.answers.set(path, () => {});
    expect(await failureOf(url, 200)).toEqual(late);
  });

  test("sends half of a body", async () => {
    host.answers.set(path, (_request, response) => response.writeHead(200, json).write('{"client'));
    expect(await failureOf(url, 200)).toEqual(late);
  });

  test.each([
    ["accepts connections and is silent", (port: number) => connect(port, "127.0.0.1")],
    ["accepts no connection, and refuses none", () => new Socket()],
  ])("%s, and its connection is closed", async (_, open) => {
    const silent = createServer();
    const port = await listenLocally(silent);
    const opened: Socket[] = [];
    const network = {
      ...host.network,
      connect: () => {
        const socket = open(port);
        opened.push(socket);
        return socket;
      },
    };
    await expect(createSafeFetch(network, 200)(url)).rejects.toThrow("app.example: no whole answer in time");
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true]);
    silent.close();
  });

  test("has a name server that is silent", async () => {
    const network = {
      ...host.network,
      resolve: (_host: string, signal: AbortSignal) =>
        new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    };
    await expect(createSafeFetch(network, 200)(url)).rejects.toThrow("app.example: no whole answer in time");
    expect(host.connected).toEqual([]);
  });
});

test.each([
  ["hangs up", (socket: Duplex) => socket.destroy()],
  ["speaks another protocol", (socket: Duplex) => socket.end("SSH-2.0-x\r\n\r\n")],
  ["switches the protocol", (socket: Duplex) => socket.end(`HTTP/1.1 101 x\r\nupgrade: x\r\n${close}`)],
  [
    "sends endless headers",
    (socket: Duplex) => socket.end(`HTTP/1.1 200 x\r\nx: ${"y".repeat(99_999)}\r\n${close}`),
  ],
  ["sends less than it announced", (socket: Duplex) => socket.end(`HTTP/1.1 200 x\r\n${half}${close}{}`)],
])("a host that %s is a failure", async (_, misbehave) => {
  host.answers.set(path, ({ socket }) => void misbehave(socket));
  expect((await failureOf())[0]).toBe(FetchFailed);
});

test.each([
  ["at once", (fail: () => void) => process.nextTick(fail)],
  ["in a later turn", (fail: () => void) => setImmediate(fail)],
])("a connection that fails %s is a failure", async (_, later) => {
  const socket = new Socket();
  const connectAndFail = () => {
    later(() => socket.destroy(Object.assign(new Error("no route"), { code: "EHOSTUNREACH" })));
    return socket;
  };
  const failing = createSafeFetch({ ...host.network, connect: connectAndFail });
  await expect(failing(url)).rejects.toThrow("app.example: EHOSTUNREACH");
});

test("a host that accepts no connection is a failure", async () => {
  host.addresses.set("closed.example", [["93.184.215.15"]]);
  expect(await failureOf("https://closed.example/x")).toEqual([FetchFailed, "closed.example: ECONNREFUSED"]);
});

test("members that would change prototypes are plain members", async () => {
  host.answers.set(path, (_request, response) => {
    response.writeHead(200, json).end('{"__proto__":{"client_id":"x"},"a":{"__proto__":{"b":1}}}');
  });
  const { json: read } = await fetchJson();
  expect(Object.getPrototypeOf(read)).toBeNull();
  expect(Reflect.get(Object.prototype, "b")).toBeUndefined();
});
