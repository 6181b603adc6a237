import { Refusal } from "../bearer.ts";
import type { Principal } from "../principal.ts";
import { toResponse } from "./fetch-handler.ts";
import type { RequestCheck } from "./request-check.ts";
import { fromFetch } from "./route-request.ts";

/** The parts of a Hono context that the guard reads and writes. */
export interface AnyHonoContext {
  readonly req: { readonly raw: Request };
  set(name: "principal", value: Principal): void;
}

/** Middleware for Hono. Later handlers have `principal` among their variables. */
export type HonoMiddleware<Context> = (
  context: Context,
  next: () => Promise<void>,
) => Promise<Response | undefined>;

/** Makes the middleware of `guard.hono`. */
export function createHonoMiddleware<Context extends AnyHonoContext>(
  check: RequestCheck<Context>,
): HonoMiddleware<Context> {
  return async (context, next) => {
    const { raw } = context.req;
    const found = await check(context, fromFetch(raw));
    if (found instanceof Refusal) return toResponse(found, raw);
    context.set("principal", found);
    await next();
    return undefined;
  };
}
