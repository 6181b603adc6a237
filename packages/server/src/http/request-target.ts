import type { IncomingMessage } from "node:http";

/**
 * The target of a request as routes expect it. A target in absolute form (`GET http://host/path`) names the host
 * itself: its authority replaces the `Host` field (RFC 9112 §3.2.2).
 */
export function rewriteTarget({ url = "/", headers }: Pick<IncomingMessage, "url" | "headers">): string {
  if (url.startsWith("/")) return url;
  const [, authority, path = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  if (authority === undefined) return url;
  headers.host = authority;
  return path.startsWith("/") ? path : `/${path}`;
}
