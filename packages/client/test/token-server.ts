import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";

/** A response, or a connection that is closed in the middle of one. */
export type Reply = { readonly status: number; readonly body?: unknown } | "cut";

export interface AskedOf {
  readonly body: Readonly<Record<string, unknown>>;
  readonly bearer: string | undefined;
}

/** Handlers by method and path, such as `POST /auth/login`. Anything else gets 404. */
export type Routes = Record<string, (asked: AskedOf) => Reply | Promise<Reply>>;

export interface TokenServer extends AsyncDisposable {
  readonly url: string;
  /** Handlers may be replaced at any time. */
  readonly routes: Routes;
  times(route: string): number;
  /** Stops listening: connections are refused until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A token server with handlers from the test. */
export async function tokenServer(routes: Routes): Promise<TokenServer> {
  const seen: string[] = [];
  const server = createServer(async (request, response) => {
    const route = `${request.method} ${request.url}`;
    seen.push(route);
    const asked = await askedOf(request);
    answer(response, (await routes[route]?.(asked)) ?? { status: 404, body: { detail: "Not Found" } });
  });
  const port = await listenLocally(server);
  const stop = async () => {
    if (server.listening) await closeNow(server);
  };
  return {
    url: `http://127.0.0.1:${port}`,
    routes,
    times: (route) => seen.filter((one) => one === route).length,
    start: async () => void (await listenLocally(server, port)),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function askedOf(request: IncomingMessage): Promise<AskedOf> {
  const bearer = request.headers.authorization?.replace("Bearer ", "");
  const body: unknown = Number(request.headers["content-length"]) > 0 ? await json(request) : {};
  return { bearer, body: typeof body === "object" && body !== null ? { ...body } : {} };
}

function answer(response: ServerResponse, reply: Reply): void {
  const text = JSON.stringify(reply === "cut" ? { access_token: "never whole" } : (reply.body ?? {}));
  response.writeHead(reply === "cut" ? 200 : reply.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  if (reply !== "cut") response.end(text);
  else response.write(text.slice(0, 9), () => response.destroy());
}

/** An unsigned JWT with these claims. */
export function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.c2lnbmVk`;
}
