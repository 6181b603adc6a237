import type { IncomingMessage } from "node:http";

type Head = Pick<IncomingMessage, "url" | "headers">;

/** Proxies hide these by their exact path, so another spelling must not reach them. */
const hiddenByProxies = /^\/(metrics|health|revocations)\b/;

/**
 * Makes the target of a request what routes expect:
 *
 * - A target in absolute form (`GET http://host/path`) names the host itself: its authority replaces the `Host` field
 *   (RFC 9112 §3.2.2).
 * - `//auth/login`, which clients make of a base address that ends in a slash, is `/auth/login`.
 * - The issuer's path is left out if no route takes the whole: at the start, as a proxy that keeps it sends it, and
 *   after a well-known name, where clients put it (RFC 8414 §3.1, RFC 9728 §3.1).
 *
 * @param issuer the public address, which may have a path
 */
export function targetRewriter(issuer: string) {
  const base = new URL(issuer).pathname.replace(/\/$/, "");

  /** @param isRouted whether a route takes a path */
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
  return name + rest.slice(base.length) || "/";
}
