import type { AuthInfo } from "@modelcontextprotocol/server";
import { BodyTooLong, readBytes } from "../../support/bounded-body.ts";
import type { ToolRules } from "../policy.ts";
import type { Admitted, HttpRequest } from "./exchange.ts";
import { HttpGate } from "./http-gate.ts";
import type { HttpPolicy } from "./http-policy.ts";

/** A fetch-style handler of MCP requests, as the SDK's `createMcpHandler` returns it. */
export interface McpHandler {
  fetch(request: Request, options?: { authInfo?: AuthInfo; parsedBody?: unknown }): Promise<Response>;
}

/**
 * Puts the protocol's authorisation (revision 2026-07-28) in front of an MCP endpoint over HTTP. It verifies the bearer
 * header and removes it, and serves the protected-resource metadata. A request without a token, or with too few scopes,
 * is answered with the address of that metadata. Clients sign in then. Use it with `guardTools` and the same
 * policy: `guardMcp` guards the endpoint, `guardTools` each tool.
 *
 * With `withoutBearer: "field"`, calls may carry their own tokens. A request without the header may then find and call
 * tools, and no more.
 *
 * @param handler must hand on `parsedBody` unchanged, because the tokens of calls are in it alone
 * @throws {Error} if an option of the policy has a wrong form
 * @example
 * const handler = guardMcp(createMcpHandler(makeServer), { ...policy, resource: "https://notes.example/mcp" });
 * http.createServer(toNodeHandler(handler));
 */
export function guardMcp<const Tools extends ToolRules>(
  handler: McpHandler | McpHandler["fetch"],
  policy: HttpPolicy<Tools>,
): { readonly fetch: (request: Request) => Promise<Response> } {
  const gate = new HttpGate(policy);
  const next: McpHandler["fetch"] =
    typeof handler === "function" ? handler : (request, options) => handler.fetch(request, options);
  return {
    async fetch(request) {
      const admission = await gate.admit(read(request));
      if ("answer" in admission) return new Response(admission.answer.body, admission.answer);
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
  const { method, url, headers } = request;
  const { pathname: path, host } = new URL(url);
  return {
    method,
    path,
    host: headers.get("host") ?? host,
    header: (name) => headers.get(name) ?? undefined,
    async body(limit) {
      if (Number(headers.get("content-length")) > limit) throw new BodyTooLong(limit);
      return { text: new TextDecoder().decode(await readBytes(request, limit)) };
    },
  };
}

/** The request for the SDK and its handlers, without a token in its headers or its body. */
function bare(request: Request, body: string | undefined): Request {
  const headers = new Headers(request.headers);
  for (const name of ["authorization", "content-length", "transfer-encoding"]) headers.delete(name);
  const { method, signal } = request;
  return new Request(request.url, { method, headers, signal, ...(body !== undefined && { body }) });
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

/** Ends an endless stream when its session has ended: each chunk is sent only if the token is still accepted. */
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
