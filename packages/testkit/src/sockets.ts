import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import { connect, createServer, type Server } from "node:net";

/** Lets a server listen on this machine only. @returns its port, by default a free one */
export async function listenLocally(server: Server, port = 0): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the server has no port");
  return bound.port;
}

/** Stops a server and cuts its connections. */
export async function closeNow(server: HttpServer): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

/** A port that is free now, for a server that must use the same one after a restart. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listenLocally(probe);
  probe.close();
  await once(probe, "close");
  return port;
}

/** Opens a connection and sends an incomplete request. */
export async function incompleteRequest(url: string): Promise<Disposable> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  // The server resets the connection in the end.
  socket.on("error", () => {});
  await once(socket, "connect");
  const head = [`POST ${pathname} HTTP/1.1`, `Host: ${hostname}`, "Content-Length: 100"];
  await new Promise((resolve) => socket.write(`${head.join("\r\n")}\r\n\r\n{`, resolve));
  return { [Symbol.dispose]: () => void socket.destroy() };
}
