import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LatchkeyError } from "../core/errors.ts";

type Head = Pick<IncomingMessage, "url" | "headers">;

/** Proxies block these by their exact path, so no other spelling may reach them. */
const hiddenByProxies = /^\/(metrics|health|revocations)\b/;

/**
 * Normalises the target of a request for the routes:
 *
 * - The authority of an absolute target (`GET http://host/path`) replaces the `Host` field (RFC 9112 §3.2.2).
 * - `//auth/login` becomes `/auth/login`. Clients send it if their base URL ends in a slash.
 * - The issuer's path is removed if no route matches with it. A proxy may keep it at the start. Clients put it after a
 *   well-known name (RFC 8414 §3.1, RFC 9728 §3.1).
 *
 * @param issuer the public URL, which may have a path
 */
export function targetRewriter(issuer: string) {
  const base = new URL(issuer).pathname.replace(/\/$/, "");

  /** @param isRouted whether a route matches a path */
  return (request: Head, isRouted: (path: string) => boolean): string => {
    const sent = originForm(request);
    const target = singleSlash(sent);
    if (base === "" || !target.includes(base) || isRouted(target)) return target;
    const shorter = singleSlash(without(base, target));
    const respelt = target !== sent && hiddenByProxies.test(shorter);
    return isRouted(shorter) && !respelt ? shorter : target;
  };
}

function originForm({ url = "/", headers }: Head): string {
  if (url.startsWith("/")) return url;
  const [, authority, path = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  if (authority === undefined) return url;
  headers.host = authority;
  return path.startsWith("/") ? path : `/${path}`;
}

function singleSlash(target: string): string {
  if (!target.startsWith("//")) return target;
  const path = target.replace(/^\/+/, "/");
  return hiddenByProxies.test(path) ? target : path;
}

function without(base: string, target: string): string {
  const [, name = ""] = /^(\/\.well-known\/[\w.-]+)/.exec(target) ?? [];
  const rest = target.slice(name.length);
  if (!rest.startsWith(base) || !/^([/?]|$)/.test(rest.slice(base.length))) return target;
  const path = name + rest.slice(base.length);
  // The issuer's path alone, also before a query, is the path of the page for people.
  return path.startsWith("/") ? path : `/${path}`;
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

/**
 * The methods of a path. Empty if no route matches. `findRoute` matches a path against the routes. `hasRoute` compiles
 * its argument as a route pattern, so the path of a request must never reach it.
 */
export function methodsOf(app: FastifyInstance, path: string): readonly string[] {
  return methods.filter((method) => Boolean(app.findRoute({ url: path, method })));
}

/**
 * Refuses requests without a route, before their body is read: 405 with `Allow` if the path has another method, else
 * 404. A route that calls `callNotFound()` gets the same answer.
 */
export function refuseUnrouted(app: FastifyInstance): void {
  const refuse = (request: FastifyRequest, reply: FastifyReply): LatchkeyError => {
    const allowed = methodsOf(app, request.url);
    if (allowed.length === 0 || allowed.includes(request.method)) return new LatchkeyError("not_found");
    reply.header("allow", allowed.join(", "));
    return new LatchkeyError("method_not_allowed");
  };
  app.addHook("onRequest", (request, reply, done) => {
    done(request.is404 ? refuse(request, reply) : undefined);
  });
  app.setNotFoundHandler((request, reply) => {
    throw refuse(request, reply);
  });
}
