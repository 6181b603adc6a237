import type { Server } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";

/** How often connections that have become idle are looked for, in milliseconds. */
const sweepEvery = 50;

/** How long closing waits, in milliseconds. */
interface Patience {
  /** For a request that is not whole. */
  readonly request: number;
  /**
   * For connections that are kept and idle: a proxy may be sending on one at this moment. Whatever comes on it is
   * answered, with word that it closes.
   */
  readonly idle: number;
}

/**
 * Makes closing the app finish what is in flight and wait for nothing else: connections that never sent a
 * request are cut at once, kept ones once they have been idle for long enough, and a request that is still not whole
 * after its time is given up. Node by itself would wait for all of them.
 */
export function finishBeforeClosing(app: FastifyInstance, patience: Patience): void {
  const open = new Set<Socket>();
  app.server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  app.addHook("preClose", async () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    if (patience.idle > 0) await lastRequests(app.server, open, patience.idle);
    const sweep = setInterval(() => app.server.closeIdleConnections(), sweepEvery);
    const enough = setTimeout(() => app.server.closeAllConnections(), patience.request);
    app.server.once("close", () => {
      clearInterval(sweep);
      clearTimeout(enough);
    });
  });
}

/** Takes no new connections, and waits for the ones that are kept to be used once more, or not. */
async function lastRequests(server: Server, open: ReadonlySet<Socket>, idle: number): Promise<void> {
  // The server's own way to close would end idle connections at the same moment.
  NetServer.prototype.close.call(server);
  for (const end = performance.now() + idle; open.size > 0 && performance.now() < end; )
    await delay(sweepEvery);
}
