import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";

/** A request that the server has received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The reaction of the server to a complete request. */
export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

export interface MisbehavingServer extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
  /** The number of connections, with or without a request. */
  connections(): number;
  /** Sets the behaviours for the next requests. The last one also applies to all later requests. */
  will(...behaviours: readonly [Behaviour, ...Behaviour[]]): void;
  /** Resolves when this many requests have been received. */
  arrived(count: number): Promise<void>;
}

/** Sends a response. A body other than a string is sent as JSON. */
export function answers(
  status: number,
  body: unknown = {},
  headers: Readonly<Record<string, string>> = {},
): Behaviour {
  const content = typeof body === "string" ? body : JSON.stringify(body);
  return (response) => response.writeHead(status, headers).end(content);
}

/** Sends the head and half of a body, and closes the connection. */
export function cuts(status: number, body: string): Behaviour {
  return (response, request) => {
    response.writeHead(status, { "content-length": body.length });
    response.write(body.slice(0, body.length / 2), () => request.socket.destroy());
  };
}

/** Sends nothing. */
export const hangs: Behaviour = () => {};

/** Reads the request and closes the connection, so the client cannot know whether it was processed. */
export const losesAnswer: Behaviour = (_response, request) => request.socket.destroy();

/** Reads the request and resets the connection. */
export const resets: Behaviour = (_response, request) => request.socket.resetAndDestroy();

/** Resets a new connection before reading. */
export const resetsUnread: Behaviour = (...given) => resets(...given);

/** Sends the head at once, and then an endless body. */
export const drips: Behaviour = (response, request) => {
  response.writeHead(200, { "content-type": "application/json" });
  const drop = setInterval(() => response.write(" "), 10);
  request.socket.once("close", () => clearInterval(drop));
};

/** Sends raw bytes, which need not be HTTP. */
export function sendsRaw(bytes: string): Behaviour {
  return (_response, request) => request.socket.end(bytes);
}

/** A real server with faults on demand. */
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
  return {
    url: `http://127.0.0.1:${await listenLocally(server)}`,
    received,
    connections: () => connections,
    will: (...behaviours) => {
      queue = behaviours;
    },
    async arrived(count) {
      while (received.length < count) await once(server, "arrived");
    },
    [Symbol.asyncDispose]: () => closeNow(server),
  };
}

/** The address of a stopped server. */
export async function deadAddress(): Promise<string> {
  await using server = await misbehavingServer();
  return server.url;
}
