import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** How often connections that have become idle are looked for, in milliseconds. */
const sweepEvery = 50;

/**
 * Makes closing the app finish what is in flight and wait for nothing else: connections that never sent a
 * request are cut at once, kept ones as soon as they are idle, and a request that is still not whole after
 * `patience` milliseconds is given up. Node by itself would wait for all of them.
 */
export function finishBeforeClosing(app: FastifyInstance, patience: number): void {
  const open = new Set<Socket>();
  app.server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  app.addHook("preClose", (done) => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    const sweep = setInterval(() => app.server.closeIdleConnections(), sweepEvery);
    const enough = setTimeout(() => app.server.closeAllConnections(), patience);
    app.server.once("close", () => {
      clearInterval(sweep);
      clearTimeout(enough);
    });
    done();
  });
}
