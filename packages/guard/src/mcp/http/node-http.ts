import { pathOf } from "../../request-path.ts";
import type { Body, HttpRequest } from "./admission.ts";
import type { HttpAnswer } from "./http-answer.ts";
import type { AnyAuthInfo } from "./http-bearer.ts";

/** A request of Node's HTTP server, as Express hands it on. */
export interface NodeRequest extends AsyncIterable<unknown> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** The whole path, where Express has cut `url` to what is left of it. */
  readonly originalUrl?: string;
  readonly headers: { [name: string]: string | string[] | undefined };
  readonly rawHeaders: string[];
  /** What a parser made of the body. */
  body?: unknown;
  /** What the SDK's transports hand to handlers as `authInfo`. */
  auth?: AnyAuthInfo;
}

/** A response of Node's HTTP server. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  getHeader(name: string): unknown;
  end(body?: string): unknown;
  destroy(): unknown;
}

export function readNode(request: NodeRequest): HttpRequest {
  const { method = "GET", originalUrl, url = "/" } = request;
  return {
    method,
    path: pathOf(originalUrl ?? url),
    header: (name) => headerOf(request, name),
    body: (limit) => bodyOf(request, limit),
  };
}

/** Takes a header out of a request, wherever what comes after looks for it. */
export function removeHeader({ headers, rawHeaders }: NodeRequest, name: string): void {
  delete headers[name];
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (rawHeaders[at]?.toLowerCase() === name) rawHeaders.splice(at, 2);
  }
}

export function answerNode(response: NodeResponse, { status, headers, body }: HttpAnswer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}

/**
 * A header, with all its values: two tokens in two headers are one that is no token, not the first of them.
 * Where there is one at most, what was put in its place by who came before counts.
 */
function headerOf({ headers, rawHeaders }: NodeRequest, name: string): string | undefined {
  const sent = rawHeaders.filter((_value, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
  const header = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (sent.length > 1) return sent.join(", ");
  return Array.isArray(header) ? header.join(", ") : header;
}

async function bodyOf(request: NodeRequest, limit: number): Promise<Body | undefined> {
  const { body } = request;
  if (typeof body === "string") return body.length > limit ? undefined : { text: body };
  if (body !== undefined && !(body instanceof Uint8Array)) return { parsed: body };
  if (Number(request.headers["content-length"]) > limit) return undefined;
  const decoder = new TextDecoder();
  let length = 0;
  let text = "";
  for await (const chunk of body === undefined ? request : [body]) {
    if (!(chunk instanceof Uint8Array))
      throw new Error("guardMcp: the request's body was read as text before");
    length += chunk.byteLength;
    if (length > limit) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return { text: text + decoder.decode() };
}
