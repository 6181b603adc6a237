import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";

/** Milliseconds by which a slow answer is late: less than a follower's timeout of 3 seconds. */
const slowness = 2_500;

/** How the proxy treats a request for the list. A question about one session always passes. */
export type Behaviour =
  | "pass"
  /** Half of the answer, and then the end of the connection. */
  | "cut"
  | "silent"
  | "slow"
  /** JSON of another form. */
  | "another form"
  /** No JSON. */
  | "a page of HTML"
  /** The recorded answer, whatever is asked. */
  | "again"
  /** To an address that records the headers. */
  | "redirect"
  /** The server gets another guard key, and refuses it. */
  | "another key";

/** Stands between followers and a real server, and misbehaves as the test says. */
export class ListProxy implements AsyncDisposable {
  behaviour: Behaviour = "pass";
  /** The body that is sent again. */
  recorded = "";
  /** The answered requests, each by its path and query. */
  readonly answered: string[] = [];
  /** The `Authorization` headers that arrived at the target of the redirect. */
  readonly redirected: (string | undefined)[] = [];
  readonly url: string;
  readonly #server: Server;
  readonly #target: Server;
  readonly #targetUrl: string;

  private constructor(server: Server, port: number, target: Server, targetPort: number) {
    this.#server = server;
    this.#target = target;
    this.url = `http://127.0.0.1:${port}/revocations`;
    this.#targetUrl = `http://127.0.0.1:${targetPort}/revocations`;
  }

  /** @param upstream the address of the server */
  static async before(upstream: string): Promise<ListProxy> {
    const [server, target] = [createServer(), createServer()];
    const proxy = new ListProxy(server, await listenLocally(server), target, await listenLocally(target));
    server.on("request", (request, response) => {
      proxy.#answer(upstream, request, response).catch(() => response.destroy());
    });
    target.on("request", (request, response) => {
      proxy.redirected.push(request.headers.authorization);
      response.end("{}");
    });
    return proxy;
  }

  async #answer(upstream: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "/" } = request;
    const behaviour = url.startsWith("/revocations?") ? this.behaviour : "pass";
    if (behaviour === "silent") return void (await once(response, "close"));
    if (behaviour === "slow") await delay(slowness);
    if (behaviour === "redirect") {
      response.writeHead(302, { location: this.#targetUrl }).end();
    } else if (behaviour === "another form") {
      response.end('{"revocations":[{"number":"7"}],"cursor":7,"more":false}');
    } else if (behaviour === "a page of HTML") {
      response.end("<!doctype html>");
    } else if (behaviour === "again") {
      response.end(this.recorded);
    } else {
      const { authorization: given = "" } = request.headers;
      const authorization = behaviour === "another key" ? "Bearer another-key" : given;
      const answer = await fetch(upstream + url, { headers: { authorization } });
      const body = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, { "content-length": body.length });
      if (behaviour === "cut") {
        await new Promise((resolve) => response.write(body.subarray(0, body.length / 2), resolve));
        response.destroy();
      } else response.end(body);
    }
    this.answered.push(url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([closeNow(this.#server), closeNow(this.#target)]);
  }
}
