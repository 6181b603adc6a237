import type { Middleware } from "../src/index.ts";

/** An answer that the server has given and the client has not got yet. */
export interface HeldAnswer {
  /** The server has answered. */
  readonly given: Promise<void>;
  /** Lets the answer go on. */
  release(): void;
}

/** Sees all that a client sends, and can stand in the way of the next answer. */
export class WireTap {
  readonly requests: Request[] = [];
  readonly #inTheWay = new Map<string, Middleware>();

  readonly middleware: Middleware = (request, next) => {
    this.requests.push(request.clone());
    const path = pathOf(request);
    const inTheWay = this.#inTheWay.get(path);
    this.#inTheWay.delete(path);
    return inTheWay ? inTheWay(request, next) : next(request);
  };

  /** How often a path was asked. */
  times(path: string): number {
    return this.requests.filter((request) => pathOf(request) === path).length;
  }

  /** Holds back the answer to the next request of a path. */
  hold(path: string): HeldAnswer {
    const given = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#inTheWay.set(path, async (request, next) => {
      const response = await next(request);
      given.resolve();
      await released.promise;
      return response;
    });
    return { given: given.promise, release: released.resolve };
  }

  /** Holds back the next request of a path: the server sees it only when it is released. */
  delay(path: string): HeldAnswer {
    const given = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#inTheWay.set(path, async (request, next) => {
      given.resolve();
      await released.promise;
      return next(request);
    });
    return { given: given.promise, release: released.resolve };
  }
}

function pathOf({ url }: Request): string {
  return new URL(url).pathname;
}
