import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { listenLocally } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import { openStore } from "../../src/store/store.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";

/** A port of this machine. @param serve gets each connection */
async function portOf(serve: (near: Socket) => void, port = 0) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    sockets.add(near.on("error", () => {}));
    serve(near);
  });
  return {
    port: await listenLocally(server, port),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

test("a long connect_timeout does not delay the search for the primary", async () => {
  const database = new URL(await newDatabase());
  const pass = (near: Socket) => {
    const far = connect(Number(database.port), "127.0.0.1");
    far.on("error", () => near.destroy()).on("close", () => near.destroy());
    near.on("close", () => far.destroy());
    near.pipe(far).pipe(near);
  };
  await using silent = await portOf(() => {});
  const first = await portOf(pass);
  const hosts = `127.0.0.1:${first.port},127.0.0.1:${silent.port}`;
  const address = `${database.toString().replace(database.host, hosts)}?connect_timeout=60`;
  const store = await openStore({ place: postgresUrl(address), onAudit: () => {} });
  expect(await store.users.list()).toEqual([]);
  await first[Symbol.asyncDispose]();
  await expect(store.users.list()).rejects.toMatchObject({ code: "store_unavailable" });
  await using _again = await portOf(pass, first.port);
  const serves = () =>
    store.users.list().then(
      () => true,
      () => false,
    );
  await until("the primary is found again", serves, 20_000);
  await store.close();
});
