import type { AnyExpressResponse } from "../../adapters/express-middleware.ts";
import { pathOf } from "../../adapters/route-request.ts";
import type { AuthInfo } from "../auth-info.ts";
import { type Body, type HttpRequest, readText } from "./exchange.ts";

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
  const { method = "GET", originalUrl, url = "/" } = request;
  return {
    method,
    path: pathOf(originalUrl ?? url),
    header: (name) => headerOf(request, name),
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

/**
 * A header with all its values, joined. So two `Authorization` headers are refused, and not read as the first of them.
 * For a single header, a value that an earlier middleware has set counts.
 */
function headerOf({ headers, rawHeaders }: NodeMcpRequest, name: string): string | undefined {
  const sent = rawHeaders.filter((_value, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
  const header = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (sent.length > 1) return sent.join(", ");
  return Array.isArray(header) ? header.join(", ") : header;
}

async function bodyOf(request: NodeMcpRequest, limit: number): Promise<Body | undefined> {
  const { body } = request;
  if (typeof body === "string") return body.length > limit ? undefined : { text: body };
  if (body !== undefined && !(body instanceof Uint8Array)) return { parsed: body };
  if (Number(request.headers["content-length"]) > limit) return undefined;
  return await readText(body === undefined ? request : [body], limit);
}
