import type { HTTPMethods, RouteOptions } from "fastify";

/** The path of each route of an inner app, with its methods. */
export type InnerPaths = Readonly<Record<string, readonly HTTPMethods[]>>;

/** The routes that an inner app has, by their keys. */
export type RealRoutes = Map<string, RouteOptions>;

/** The key of a route. */
export function routeKey(method: HTTPMethods, url: string): string {
  return `${method} ${url}`;
}

/**
 * Compares the table of an inner app with its routes. A route without an entry could never be reached.
 *
 * @throws if they differ
 */
export function assertSameRoutes(paths: InnerPaths, routes: RealRoutes): void {
  const listed = new Set(
    Object.entries(paths).flatMap(([url, methods]) => methods.map((method) => routeKey(method, url))),
  );
  const missing = [...listed].filter((key) => !routes.has(key));
  const unlisted = [...routes.keys()].filter((key) => !listed.has(key));
  if (missing.length + unlisted.length === 0) return;
  throw new Error(
    `the table of an inner app differs from its routes: ${[...missing, ...unlisted].join(", ")}`,
  );
}
