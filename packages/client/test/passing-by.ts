import type { Middleware } from "../src/index.ts";

/** Leaves its name on a request, and on the response as it comes back. */
export function named(name: string): Middleware {
  return async (request, next) => {
    request.headers.append("x-passed", name);
    const response = await next(request);
    const headers = new Headers(response.headers);
    headers.append("x-passed", name);
    return new Response(response.body, { status: response.status, headers });
  };
}
