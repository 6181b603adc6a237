import { connect, createServer } from "node:net";
import { listenLocally } from "@latchkey/testkit/sockets";

/** A TCP proxy that counts bytes. */
export interface CountingProxy extends Disposable {
  readonly port: number;
  /** The bytes so far, in both directions. */
  bytes(): number;
}

/** Starts a proxy to a port. */
export async function countingProxy(to: number): Promise<CountingProxy> {
  let bytes = 0;
  const server = createServer((client) => {
    const backend = connect({ host: "127.0.0.1", port: to, noDelay: true });
    for (const [from, into] of [
      [client, backend],
      [backend, client],
    ] as const) {
      from.on("data", (part) => {
        bytes += part.length;
      });
      from.on("error", () => into.destroy()).on("close", () => into.destroy());
      from.pipe(into);
    }
  });
  return {
    port: await listenLocally(server),
    bytes: () => bytes,
    [Symbol.dispose]: () => void server.close(),
  };
}
