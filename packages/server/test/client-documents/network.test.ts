import { once } from "node:events";
import { createServer } from "node:net";
import { NameServer } from "@latchkey/testkit/oauth/name-server";
import { listenLocally } from "@latchkey/testkit/sockets";
import { expect, test } from "vitest";
import { FetchFailed } from "../../src/client-documents/json-answer.ts";
import { systemNetwork } from "../../src/client-documents/network.ts";
import { createSafeFetch } from "../../src/client-documents/safe-fetch.ts";

const never = new AbortController().signal;

test("the addresses of both families are found, or those of one", async () => {
  await using names = await NameServer.start();
  names.names.set("both.example", ["93.184.215.14", "2606:2800::1", "10.0.0.7"]);
  names.names.set("six.example", ["2606:2800::1"]);
  const network = systemNetwork([names.address]);
  expect(await network.resolve("both.example", never)).toEqual(["93.184.215.14", "10.0.0.7", "2606:2800::1"]);
  expect(await network.resolve("six.example", never)).toEqual(["2606:2800::1"]);
  await expect(network.resolve("none.example", never)).rejects.toMatchObject({ code: "ENOTFOUND" });
});

test("a question to a silent name server ends with its signal", async () => {
  await using names = await NameServer.start();
  names.silent.add("slow.example");
  const fetchJson = createSafeFetch(systemNetwork([names.address]), 200);
  const failure = await fetchJson("https://slow.example/x").catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(FetchFailed);
  expect(failure).toMatchObject({ message: "slow.example: no whole answer in time" });
});

test("a name of the inner network fails like an unknown one, without a connection", async () => {
  await using names = await NameServer.start();
  names.names.set("inner.example", ["127.0.0.1", "::1", "10.0.0.7", "::ffff:127.0.0.1"]);
  const network = systemNetwork([names.address]);
  const connected: (readonly string[])[] = [];
  const connect: typeof network.connect = (addresses, port) => {
    connected.push(addresses);
    return network.connect(addresses, port);
  };
  const fetchJson = createSafeFetch({ ...network, connect });
  for (const name of ["inner.example", "unknown.example"]) {
    await expect(fetchJson(`https://${name}/x`)).rejects.toThrow(FetchFailed);
  }
  expect(connected).toEqual([]);
});

test("a connection goes to an address that was given, and to the next one if it fails", async () => {
  const server = createServer((socket) => socket.end("here"));
  const port = await listenLocally(server);
  const socket = systemNetwork().connect(["::1", "127.0.0.1"], port);
  const [data] = await once(socket, "data");
  expect(String(data)).toBe("here");
  expect(socket.remoteAddress).toBe("127.0.0.1");
  socket.destroy();
  server.close();
});
