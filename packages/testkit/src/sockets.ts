import { once } from "node:events";
import { connect, createServer } from "node:net";

/** A port that is free now, for a server that must use the same one after a restart. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const bound = probe.address();
  probe.close();
  await once(probe, "close");
  if (bound === null || typeof bound === "string") throw new Error("no free port");
  return bound.port;
}

/** Opens a connection and sends an incomplete request. */
export async function unfinished(url: string): Promise<Disposable> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  // The server resets the connection in the end.
  socket.on("error", () => {});
  await once(socket, "connect");
  const head = [`POST ${pathname} HTTP/1.1`, `Host: ${hostname}`, "Content-Length: 100"];
  await new Promise((resolve) => socket.write(`${head.join("\r\n")}\r\n\r\n{`, resolve));
  return { [Symbol.dispose]: () => void socket.destroy() };
}
