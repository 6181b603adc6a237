import { once } from "node:events";
import { connect } from "node:net";

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
