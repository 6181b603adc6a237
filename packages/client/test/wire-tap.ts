import type { Middleware } from "../src/index.ts";

/** A response that is held back from the client. */
export interface HeldAnswer {
  /** Resolves when the request or response is held back. */
  readonly given: Promise<void>;
  /** Lets it continue. */
  release(): void;
}

/** A middleware that records requests and can hold back the next request or response of a path. */
export class WireTap {
  readonly requests: Request[] = [];
  readonly #holds = new Map<string, Middleware>();

  readonly middleware: Middleware = (request, next) => {
    this.requests.push(request.clone());
    const path = pathOf(request);
    const held = this.#holds.get(path);
    this.#holds.delete(path);
    return held ? held(request, next) : next(request);
  };

  /** The number of requests to a path. */
  times(path: string): number {
    return this.requests.filter((request) => pathOf(request) === path).length;
  }

  /** Holds back the response to the next request of a path, or the request itself. */
  hold(path: string, held: "request" | "response" = "response"): HeldAnswer {
    const given = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#holds.set(path, async (request, next) => {
      const response = held === "response" ? await next(request) : undefined;
      given.resolve();
      await released.promise;
      return response ?? next(request);
    });
    return { given: given.promise, release: released.resolve };
  }
}

function pathOf({ url }: Request): string {
  return new URL(url).pathname;
}

/** A middleware that adds its name to a header of the request and of the response. */
export function named(name: string): Middleware {
  return async (request, next) => {
    request.headers.append("x-passed", name);
    const response = await next(request);
    const headers = new Headers(response.headers);
    headers.append("x-passed", name);
    return new Response(response.body, { status: response.status, headers });
  };
}
