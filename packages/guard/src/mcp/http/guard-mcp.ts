import type { AuthInfo } from "@modelcontextprotocol/server";
import type { HttpPolicy } from "../http-policy.ts";
import type { ToolRules } from "../tool-policy.ts";
import type { Admitted, Body, HttpRequest } from "./admission.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { HttpGate } from "./http-gate.ts";

/** A fetch-style handler of MCP requests, such as `createMcpHandler` of the SDK makes. */
export interface FetchHandler {
  fetch(request: Request, options?: { authInfo?: AuthInfo; parsedBody?: unknown }): Promise<Response>;
}

/**
 * Puts the protocol's own authorisation (revision 2026-07-28) in front of an MCP endpoint over HTTP: a bearer
 * header is checked and taken off, protected-resource metadata is served, and who has no token, or one of too
 * few scopes, is told where to get one. Use it with `guardTools` and the same policy: this guards the endpoint,
 * that guards each tool.
 *
 * Where the policy has a `tokenField`, a request without the header is let through as far as it only finds and
 * calls tools, because a call may carry its token itself.
 *
 * @param handler must hand on `parsedBody` as it is: the tokens of calls are in it alone
 * @throws {Error} where the policy cannot be kept
 * @example
 * const handler = guardMcp(createMcpHandler(makeServer), { ...policy, resource: "https://notes.example/mcp" });
 * http.createServer(toNodeHandler(handler));
 */
export function guardMcp<const Tools extends ToolRules>(
  handler: FetchHandler | FetchHandler["fetch"],
  policy: HttpPolicy<Tools>,
): { readonly fetch: (request: Request) => Promise<Response> } {
  const gate = new HttpGate(policy);
  const next: FetchHandler["fetch"] =
    typeof handler === "function" ? handler : (request, options) => handler.fetch(request, options);
  return {
    async fetch(request) {
      const admission = await gate.admit(read(request));
      if ("answer" in admission) return responseOf(admission.answer);
      const { admitted } = admission;
      const { authInfo, body } = admitted;
      const response = await next(bare(request, body?.text), {
        ...(authInfo !== undefined && { authInfo }),
        ...(body !== undefined && { parsedBody: body.parsed }),
      });
      admitted.answered(response.status, response.headers.get("mcp-session-id"));
      return finished(response, admitted);
    },
  };
}

function read(request: Request): HttpRequest {
  return {
    method: request.method,
    path: new URL(request.url).pathname,
    header: (name) => request.headers.get(name) ?? undefined,
    body: (limit) => textOf(request, limit),
  };
}

/** Stops reading as soon as there is too much. */
async function textOf({ headers, body }: Request, limit: number): Promise<Body | undefined> {
  if (Number(headers.get("content-length")) > limit) return undefined;
  if (body === null) return { text: "" };
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let length = 0;
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode() };
    length += value.byteLength;
    if (length > limit) {
      // What is left of it is nobody's any more.
      reader.cancel().catch(() => {});
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** The request as the SDK and its handlers may see it: no token in a header, none in the body. */
function bare(request: Request, body: string | undefined): Request {
  const headers = new Headers(request.headers);
  for (const name of ["authorization", "content-length", "transfer-encoding"]) headers.delete(name);
  const { method, signal } = request;
  return new Request(request.url, { method, headers, signal, ...(body !== undefined && { body }) });
}

function responseOf({ status, headers, body }: HttpAnswer): Response {
  return new Response(body ?? null, { status, headers });
}

function finished(response: Response, admitted: Admitted): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(admitted.headers)) {
    if (name === "vary") headers.append(name, value);
    else headers.set(name, value);
  }
  const { status, statusText } = response;
  const body =
    admitted.endless && response.body !== null ? whileAdmitted(response.body, admitted) : response.body;
  return new Response(body, { status, statusText, headers });
}

/** An endless stream ends with what its token stands for: nothing is sent on after the session has ended. */
function whileAdmitted(body: ReadableStream<Uint8Array>, admitted: Admitted): ReadableStream<Uint8Array> {
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        try {
          await admitted.recheck();
          controller.enqueue(chunk);
        } catch {
          controller.terminate();
        }
      },
    }),
  );
}
