import type { Server } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";

/** Milliseconds between two searches for idle connections. */
const sweepEvery = 50;

/** How long a close waits, in milliseconds. */
interface CloseTimeouts {
  /** For the rest of an incomplete request. */
  readonly request: number;
  /**
   * For idle connections: a proxy may be sending a request on one at this moment. The answer to it carries
   * `Connection: close`.
   */
  readonly idle: number;
}

/**
 * Makes a close of the app wait only for open requests. Connections that never had a request are closed first, idle ones
 * after `idle`, incomplete requests after `request`. Node alone would wait for all of them.
 */
export function finishBeforeClosing(app: FastifyInstance, timeouts: CloseTimeouts): void {
  const open = new Set<Socket>();
  app.server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  app.addHook("preClose", async () => {
    // This turn of the event loop accepts those that have connected by now. A closed server would reset them.
    await nextTurn();
    if (timeouts.idle > 0) await lastRequests(app.server, open, timeouts.idle);
    else endUnused(open);
    const sweep = setInterval(() => app.server.closeIdleConnections(), sweepEvery);
    const deadline = setTimeout(() => app.server.closeAllConnections(), timeouts.request);
    app.server.once("close", () => {
      clearInterval(sweep);
      clearTimeout(deadline);
    });
  });
}

/** Accepts no new connections, and gives the open ones time for a last request. */
async function lastRequests(server: Server, open: ReadonlySet<Socket>, idle: number): Promise<void> {
  // `http.Server.close` would end idle connections at once.
  NetServer.prototype.close.call(server);
  const end = performance.now() + idle;
  // A proxy that has just connected sends its request now. A connection that a browser keeps in reserve sends none.
  await sleep(sweepEvery);
  endUnused(open);
  while (open.size > 0 && performance.now() < end) await sleep(sweepEvery);
}

/** Closes the connections without any request. */
function endUnused(open: ReadonlySet<Socket>): void {
  for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
}
