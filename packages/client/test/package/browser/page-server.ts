import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { inject } from "vitest";

/** Serves the page at `/` and the installed package's modules under `/client/`. */
export async function servePage(): Promise<{ readonly origin: string } & AsyncDisposable> {
  const server = createServer(({ url = "" }, response) => {
    const module = /^\/client\/(\w+\.js)$/.exec(url)?.[1];
    const file = module
      ? join(inject("packed").installed, "dist/esm", module)
      : join(import.meta.dirname, "page.html");
    // A sandboxed frame has its own opaque origin.
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("content-type", module ? "text/javascript" : "text/html");
    response.end(readFileSync(file));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the server listens at no port");
  return {
    origin: `http://127.0.0.1:${bound.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
