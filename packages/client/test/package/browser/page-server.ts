import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import { inject } from "vitest";

/** Serves the page at `/` and the installed package's modules under `/client/`. */
export async function servePage(): Promise<{ readonly origin: string } & AsyncDisposable> {
  const server = createServer(({ url = "" }, response) => {
    const module = /^\/client\/(\w+\.js)$/.exec(url)?.[1];
    const file = module
      ? join(inject("client").installed, "esm", module)
      : join(import.meta.dirname, "page.html");
    // A sandboxed frame has its own opaque origin.
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("content-type", module ? "text/javascript" : "text/html");
    response.end(readFileSync(file));
  });
  return {
    origin: `http://127.0.0.1:${await listenLocally(server)}`,
    [Symbol.asyncDispose]: () => closeNow(server),
  };
}
