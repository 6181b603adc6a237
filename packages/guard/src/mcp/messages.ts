import type { CleanBody, HttpRequest } from "./admission.ts";
import { holdToken } from "./field-argument.ts";
import { type HttpAnswer, protocolAnswer } from "./http-answer.ts";
import { isObject } from "./objects.ts";

/** The messages of the protocol that a request carries: none, one or a batch. */
export interface Messages {
  readonly clean: CleanBody | undefined;
  readonly messages: readonly unknown[];
}

const mebibyte = 1024 * 1024;
/** What may be asked without a token where calls carry their own: enough to find the tools and call them. */
const beforeToken = /^(initialize|ping|server\/discover|tools\/(list|call)|notifications\/.+)$/;

/**
 * Reads the messages of a request, and holds the tokens in them.
 *
 * @param limit the longest body that is read, in bytes
 * @param tokenField the argument of calls that holds a token, if any does
 */
export async function readMessages(
  request: HttpRequest,
  limit: number = mebibyte,
  tokenField: string | undefined = undefined,
): Promise<Messages | { readonly answer: HttpAnswer }> {
  if (request.method !== "POST") return { clean: undefined, messages: [] };
  const encoding = request.header("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    return { answer: protocolAnswer(415, -32000, "Unsupported Media Type: the body must not be compressed") };
  }
  const body = await request.body(limit);
  if (body === undefined) return { answer: protocolAnswer(413, -32000, "Payload Too Large") };
  if ("text" in body && body.text === "") return { clean: undefined, messages: [] };
  try {
    const parsed: unknown = "parsed" in body ? body.parsed : JSON.parse(body.text);
    if (tokenField !== undefined) holdToken(parsed, tokenField);
    // A held token is left out where it is written. What is nested too deeply to be written is refused.
    const clean = { parsed, text: JSON.stringify(parsed) ?? "" };
    return { clean, messages: Array.isArray(parsed) ? parsed : [parsed] };
  } catch {
    return { answer: protocolAnswer(400, -32700, "Parse error: Invalid JSON") };
  }
}

/** Whether a message may come without a token; an answer to what the server asked has no method. */
export function isOpen(message: unknown): boolean {
  const method = methodOf(message);
  return method === undefined || beforeToken.test(method);
}

/** @returns an empty text for a method that is no text, which is none that may be asked for */
export function methodOf(message: unknown): string | undefined {
  if (!isObject(message) || message["method"] === undefined) return undefined;
  return typeof message["method"] === "string" ? message["method"] : "";
}

export function toolCalled(message: unknown): string | undefined {
  if (!isObject(message) || message["method"] !== "tools/call" || !isObject(message["params"]))
    return undefined;
  const name = message["params"]["name"];
  return typeof name === "string" ? name : undefined;
}
