import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What the server got. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the server does with a request that it has read. */
export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

export interface MisbehavingServer extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
  /** Connections made, whether a request came through them or not. */
  connections(): number;
  /** What happens to the next requests, one each; the last to all that follow. */
  will(...behaviours: readonly [Behaviour, ...Behaviour[]]): void;
  /** Waits until so many requests have come. */
  arrived(count: number): Promise<void>;
}

/** Answers; a body that is no text is sent as JSON. */
export function answers(
  status: number,
  body: unknown = {},
  headers: Readonly<Record<string, string>> = {},
): Behaviour {
  const content = typeof body === "string" ? body : JSON.stringify(body);
  return (response) => response.writeHead(status, headers).end(content);
}

/** Sends the head and half of a body, and hangs up. */
export function cuts(status: number, body: string): Behaviour {
  return (response, request) => {
    response.writeHead(status, { "content-length": body.length });
    response.write(body.slice(0, body.length / 2), () => request.socket.destroy());
  };
}

/** Never answers. */
export const hangs: Behaviour = () => {};

/** Reads the request and hangs up: whether it was done nobody knows. */
export const losesAnswer: Behaviour = (_response, request) => request.socket.destroy();

/** Reads the request and resets the connection. */
export const resets: Behaviour = (_response, request) => request.socket.resetAndDestroy();

/** Resets a new connection before it has read anything. */
export const resetsUnread: Behaviour = (...given) => resets(...given);

/** Answers at once, and goes on sending a body that never ends. */
export const drips: Behaviour = (response, request) => {
  response.writeHead(200, { "content-type": "application/json" });
  const drop = setInterval(() => response.write(" "), 10);
  request.socket.once("close", () => clearInterval(drop));
};

/** Sends bytes as they are, HTTP or not. */
export function sendsRaw(bytes: string): Behaviour {
  return (_response, request) => request.socket.end(bytes);
}

/** A real server that does what it is told to do wrong. */
export async function misbehavingServer(): Promise<MisbehavingServer> {
  const received: Received[] = [];
  let queue: readonly Behaviour[] = [answers(500)];
  let connections = 0;
  const next = (): Behaviour => {
    const [behaviour = hangs, ...rest] = queue;
    if (rest.length > 0) queue = rest;
    return behaviour;
  };
  const server = createServer(async (request, response) => {
    const { method = "", url: path = "", headers } = request;
    const body = await text(request);
    received.push({ method, path, headers, body });
    server.emit("arrived");
    next()(response, request);
  });
  server.on("connection", (socket) => {
    connections++;
    if (queue[0] === resetsUnread) {
      next();
      socket.resetAndDestroy();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: urlOf(server.address()),
    received,
    connections: () => connections,
    will: (...behaviours) => {
      queue = behaviours;
    },
    async arrived(count) {
      while (received.length < count) await once(server, "arrived");
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** An address at which nobody listens. */
export async function deadAddress(): Promise<string> {
  await using server = await misbehavingServer();
  return server.url;
}

function urlOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return `http://127.0.0.1:${address.port}`;
}
