import { createServer } from "node:http";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";

/** The redirect URI of a client, on a port of its own. */
export interface Callback extends AsyncDisposable {
  readonly address: string;
  /** The parameters of the next authorization response. */
  next(): Promise<URLSearchParams>;
}

/** Listens for authorization responses. @param host a spelling of this machine */
export async function listenForCallback(host: "127.0.0.1" | "localhost"): Promise<Callback> {
  const waiting: ((parameters: URLSearchParams) => void)[] = [];
  const arrived: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://callback.test");
    if (pathname !== "/callback") return void response.writeHead(404).end();
    response.end("You can close this page.");
    const taker = waiting.shift();
    if (taker === undefined) arrived.push(searchParams);
    else taker(searchParams);
  });
  const port = await listenLocally(server);
  return {
    address: `http://${host}:${port}/callback`,
    next() {
      const first = arrived.shift();
      return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
    },
    [Symbol.asyncDispose]: () => closeNow(server),
  };
}
