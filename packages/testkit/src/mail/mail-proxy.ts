import { connect, createServer, type Server, type Socket } from "node:net";
import { listenLocally } from "../sockets.ts";

/** A misbehaviour of the path between a client and its mail server. */
export type Trouble =
  /** The connection ends when the client has sent this text. The empty text: at once, before the greeting. */
  | { readonly cutAt: string }
  /** The connection ends when the server has sent this text: the client never learns of it. */
  | { readonly cutBefore: string }
  /** Each answer of the server comes byte by byte, with a pause in milliseconds. */
  | { readonly drip: number }
  /** The server never answers. */
  | { readonly silent: true }
  /** An answer without an end. */
  | { readonly flood: true };

/** A TCP proxy in front of a mail server that misbehaves as a test says. */
export class MailProxy implements AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  connections = 0;
  /** Bytes of answers that the client has got. */
  answered = 0;
  /** All that clients have sent. */
  said = "";
  trouble: Trouble | undefined;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, port: number, sockets: Set<Socket>) {
    this.#server = server;
    this.port = port;
    this.#sockets = sockets;
  }

  /** @param port of the mail server */
  static async open(port: number, trouble?: Trouble): Promise<MailProxy> {
    const sockets = new Set<Socket>();
    const opened: { proxy?: MailProxy } = {};
    const server = createServer((client) => opened.proxy?.relay(client, port));
    opened.proxy = new MailProxy(server, await listenLocally(server), sockets);
    opened.proxy.trouble = trouble;
    return opened.proxy;
  }

  private relay(client: Socket, port: number): void {
    this.connections++;
    const { trouble } = this;
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    if (trouble !== undefined && "cutAt" in trouble && trouble.cutAt === "") {
      client.destroy();
      return;
    }
    let said = "";
    client.on("data", (chunk) => {
      said += chunk.toString("latin1");
      this.said += chunk.toString();
      if (trouble !== undefined && "cutAt" in trouble && said.includes(trouble.cutAt)) client.destroy();
      else server.write(chunk);
    });
    let answers = "";
    let last = Promise.resolve();
    server.on("data", (chunk) => {
      answers += chunk.toString("latin1");
      if (trouble === undefined || "cutAt" in trouble) this.#answer(client, chunk);
      else if ("cutBefore" in trouble) {
        if (answers.includes(trouble.cutBefore)) client.destroy();
        else this.#answer(client, chunk);
      } else if ("drip" in trouble) {
        const { drip } = trouble;
        last = last.then(() => this.#drip(client, chunk, drip));
      } else if ("flood" in trouble) this.#flood(client);
    });
  }

  #answer(client: Socket, chunk: Buffer): void {
    this.answered += chunk.length;
    if (!client.destroyed) client.write(chunk);
  }

  async #drip(client: Socket, chunk: Buffer, pause: number): Promise<void> {
    for (const byte of chunk) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      this.#answer(client, Buffer.of(byte));
    }
  }

  #flood(client: Socket): void {
    const more = () => {
      while (!client.destroyed && client.write(Buffer.alloc(65_536, "220-"))) this.answered += 65_536;
    };
    client.on("drain", more);
    more();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
