import type { AnyExpressResponse } from "../../adapters/express-middleware.ts";
import { headerOf, pathOf } from "../../adapters/route-request.ts";
import { BodyTooLong, collect } from "../../support/bounded-body.ts";
import type { AuthInfo } from "../auth-info.ts";
import type { Body, HttpRequest } from "./exchange.ts";

/** A request of Node's HTTP server, as Express hands it on. */
export interface NodeMcpRequest extends AsyncIterable<unknown> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** The whole path. Express shortens `url` to the part behind the mount point. */
  readonly originalUrl?: string;
  readonly headers: { [name: string]: string | string[] | undefined };
  readonly rawHeaders: string[];
  /** The body, if a parser has read it. */
  body?: unknown;
  /** The SDK's transports hand it to handlers as `authInfo`. */
  auth?: AuthInfo;
}

/** A response of Node's HTTP server. */
export interface NodeMcpResponse extends AnyExpressResponse {
  getHeader(name: string): unknown;
  destroy(): unknown;
}

export function httpRequestOf(request: NodeMcpRequest): HttpRequest {
  const { method = "GET", originalUrl, url = "/", headers, rawHeaders } = request;
  return {
    method,
    path: pathOf(originalUrl ?? url),
    host: headerOf("host", headers, rawHeaders),
    header: (name) => headerOf(name, headers, rawHeaders),
    body: (limit) => bodyOf(request, limit),
  };
}

/** Removes a header from both lists of a request, so that no later handler finds it. */
export function removeHeader({ headers, rawHeaders }: NodeMcpRequest, name: string): void {
  delete headers[name];
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (rawHeaders[at]?.toLowerCase() === name) rawHeaders.splice(at, 2);
  }
}

async function bodyOf(request: NodeMcpRequest, limit: number): Promise<Body> {
  const { body, headers } = request;
  if (body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array))
    return { parsed: body };
  const length = typeof body === "string" ? body.length : Number(headers["content-length"]);
  if (length > limit) throw new BodyTooLong(limit);
  if (typeof body === "string") return { text: body };
  return { text: new TextDecoder().decode(await collect(body === undefined ? request : [body], limit)) };
}
