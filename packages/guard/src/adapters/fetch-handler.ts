import { Refusal } from "../bearer.ts";
import type { Principal } from "../principal.ts";
import type { RequestCheck } from "./request-check.ts";
import { fromFetch } from "./route-request.ts";

/** The second argument of a handler behind the guard. */
export interface Guarded {
  /** The signed-in user. */
  readonly principal: Principal;
}

/** A fetch handler behind a guard. `rest` are further arguments of the platform, such as `env` and `ctx`. */
export type GuardedHandler<Sent extends Request, Rest extends readonly unknown[]> = (
  request: Sent,
  guarded: Guarded,
  ...rest: Rest
) => Response | Promise<Response>;

/** A guarded fetch handler, in the form that workers, Deno, Bun and most frameworks call. */
export type GuardedFetch<Sent extends Request, Rest extends readonly unknown[]> = (
  request: Sent,
  ...rest: Rest
) => Promise<Response>;

/** Makes the handler of `guard.fetch`. @throws {TypeError} if an argument is not a handler */
export function createFetchHandler<Sent extends Request, Rest extends readonly unknown[]>(
  check: RequestCheck<Request>,
  handler: GuardedHandler<Sent, Rest>,
): GuardedFetch<Sent, Rest> {
  if (typeof handler !== "function") throw new TypeError("guard.fetch: needs a handler");
  return async (request, ...rest) => {
    const found = await check(request, fromFetch(request));
    return found instanceof Refusal
      ? toResponse(found, request)
      : handler(request, { principal: found }, ...rest);
  };
}

/** The response of a refusal. One to HEAD has no body (RFC 9110 §9.3.2); some platforms do not remove it. */
export function toResponse({ status, headers, body }: Refusal, { method }: Request): Response {
  return new Response(method === "HEAD" ? null : body, { status, headers });
}
