import { connect, createServer, type Socket } from "node:net";

/**
 * A proxy between one replica and the database, with faults on demand. `freeze` stops the traffic and keeps the
 * connections, `thaw` continues, and `cut` ends all connections. Reports its port on its channel.
 */
const port = Number(process.argv[2]);
const pairs = new Set<readonly [Socket, Socket]>();
let frozen = false;

const server = createServer((replica) => {
  const database = connect({ host: "127.0.0.1", port, noDelay: true });
  const pair = [replica, database] as const;
  pairs.add(pair);
  for (const [from, to] of [pair, [database, replica] as const]) {
    from.on("error", () => from.destroy());
    from.on("close", () => {
      to.destroy();
      pairs.delete(pair);
    });
  }
  if (frozen) still(pair);
  else flow(pair);
});
server.listen(0, "127.0.0.1", () => process.send?.(server.address()));

function flow([replica, database]: readonly [Socket, Socket]): void {
  replica.pipe(database);
  database.pipe(replica);
}

function still([replica, database]: readonly [Socket, Socket]): void {
  replica.unpipe(database).pause();
  database.unpipe(replica).pause();
}

process.on("message", (order: "freeze" | "thaw" | "cut") => {
  if (order === "cut") {
    for (const [replica, database] of pairs) [replica.destroy(), database.destroy()];
    return;
  }
  frozen = order === "freeze";
  for (const pair of pairs) {
    if (frozen) still(pair);
    else flow(pair);
  }
});
