import { connect, createServer, type Socket } from "node:net";

/** A TCP load balancer: each connection goes to the next port that accepts it. Reports its own port on its channel. */
const ports = process.argv.slice(2).map(Number);
let next = 0;

const server = createServer({ allowHalfOpen: true }, (client) => void carry(client));
server.listen(0, "127.0.0.1", () => process.send?.(server.address()));

async function carry(client: Socket): Promise<void> {
  client.on("error", () => client.destroy());
  client.pause();
  for (const _ of ports) {
    const port = ports[next++ % ports.length] ?? 0;
    const backend = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
    backend.on("error", () => backend.destroy());
    const connected = await new Promise((told) => {
      backend.once("connect", () => told(true)).once("close", () => told(false));
    });
    if (!connected) continue;
    backend.on("close", () => client.destroy());
    client.on("close", () => backend.destroy());
    client.pipe(backend);
    backend.pipe(client);
    return;
  }
  client.destroy();
}
