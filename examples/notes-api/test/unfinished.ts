import { once } from "node:events";
import { connect } from "node:net";

/** Holds a connection open on which a request was begun and is never finished. */
export async function unfinished(url: string): Promise<Disposable> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  // It is cut from the other side in the end.
  socket.on("error", () => {});
  await once(socket, "connect");
  const head = [`POST ${pathname} HTTP/1.1`, `Host: ${hostname}`, "Content-Length: 100"];
  await new Promise((resolve) => socket.write(`${head.join("\r\n")}\r\n\r\n{`, resolve));
  return { [Symbol.dispose]: () => void socket.destroy() };
}
