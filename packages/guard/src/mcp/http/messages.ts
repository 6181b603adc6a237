import type { HttpAnswer } from "../../bearer.ts";
import { BodyTooLong } from "../../support/bounded-body.ts";
import { own } from "../../support/own-members.ts";
import { holdToken } from "../token-field.ts";
import { type Body, type CleanBody, type HttpRequest, protocolAnswer } from "./exchange.ts";

const mebibyte = 1024 * 1024;
/** Methods that need no header if calls carry their own tokens: enough to find tools and call them. */
const beforeToken = /^(initialize|ping|server\/discover|tools\/(list|call)|notifications\/.+)$/;

/**
 * Revision 2025-06-18 removed batches from the protocol. One small batch could ask for a hundred tool lists, so the
 * guard refuses batches of older revisions too.
 */
const noBatch = protocolAnswer(400, -32600, "Invalid Request: send one message per request, not a batch");

/**
 * Reads the message of a request, and holds the token in it. A batch is refused before it is parsed.
 *
 * @param limit the longest accepted body, in bytes
 * @param tokenField the argument of calls that may carry a token
 * @returns `clean` is undefined for a request without a body
 */
export async function readMessage(
  request: HttpRequest,
  limit: number = mebibyte,
  tokenField: string | undefined = undefined,
): Promise<{ readonly clean: CleanBody | undefined } | { readonly answer: HttpAnswer }> {
  if (request.method !== "POST") return { clean: undefined };
  const encoding = request.header("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    return { answer: protocolAnswer(415, -32000, "Unsupported Media Type: the body must not be compressed") };
  }
  let body: Body;
  try {
    body = await request.body(limit);
  } catch (error) {
    if (error instanceof BodyTooLong) return { answer: protocolAnswer(413, -32000, "Payload Too Large") };
    throw error;
  }
  if ("text" in body && body.text === "") return { clean: undefined };
  if ("text" in body ? /^\s*\[/.test(body.text) : Array.isArray(body.parsed)) return { answer: noBatch };
  try {
    const parsed: unknown = "parsed" in body ? body.parsed : JSON.parse(body.text);
    if (tokenField !== undefined) holdToken(parsed, tokenField);
    // The text leaves out held tokens. A message that is nested too deeply to be serialised is refused.
    return { clean: { parsed, text: JSON.stringify(parsed) ?? "" } };
  } catch {
    return { answer: protocolAnswer(400, -32700, "Parse error: Invalid JSON") };
  }
}

/** Whether a message may come without a header. A client's answer to the server has no method. */
export function isOpen(message: unknown): boolean {
  const method = methodOf(message);
  return method === undefined || beforeToken.test(method);
}

/** @returns an empty text, which names no method, if the method is not text */
export function methodOf(message: unknown): string | undefined {
  const method = own(message, "method");
  if (method === undefined) return undefined;
  return typeof method === "string" ? method : "";
}

export function toolCalled(message: unknown): string | undefined {
  const name = methodOf(message) === "tools/call" ? own(own(message, "params"), "name") : undefined;
  return typeof name === "string" ? name : undefined;
}
