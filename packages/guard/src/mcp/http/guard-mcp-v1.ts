import { answerNode } from "../../adapters/express-middleware.ts";
import { isObject } from "../../support/own-members.ts";
import type { ToolRules } from "../policy.ts";
import { shadow } from "../shadow.ts";
import type { Admitted } from "./exchange.ts";
import { HttpGate } from "./http-gate.ts";
import type { HttpPolicy } from "./http-policy.ts";
import { httpRequestOf, type NodeMcpRequest, type NodeMcpResponse, removeHeader } from "./node-http.ts";
import { ProtectedResource } from "./protected-resource.ts";

/** Middleware for Express, or for any framework with the request and response of Node's HTTP server. */
export type NodeMiddleware = (
  request: NodeMcpRequest,
  response: NodeMcpResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

/**
 * Puts the protocol's authorisation in front of an MCP endpoint of the SDK's first major version. It verifies the
 * bearer header and removes it. A request without a token, or with too few scopes, is answered with the address of the
 * metadata. Use it with `guardTools` and the same policy: `guardMcp` guards the endpoint, `guardTools` each tool.
 *
 * It reads the body, so hand it on: `transport.handleRequest(request, response, request.body)`. Clients look for the
 * metadata beside the endpoint, so mount {@link mcpMetadata} at the root as well.
 *
 * With `withoutBearer: "field"`, calls may carry their own tokens. A request without the header may then find and call
 * tools, and no more.
 *
 * @throws {Error} if an option of the policy has a wrong form
 * @example
 * app.use(mcpMetadata(policy));
 * app.all("/mcp", guardMcp(policy), (request, response) => transport.handleRequest(request, response, request.body));
 */
export function guardMcp<const Tools extends ToolRules>(policy: HttpPolicy<Tools>): NodeMiddleware {
  const gate = new HttpGate(policy);
  return async (request, response, next) => {
    try {
      const admission = await gate.admit(httpRequestOf(request));
      if ("answer" in admission) return answerNode(response, admission.answer);
      const { admitted } = admission;
      removeHeader(request, "authorization");
      // Without its token, the body has another length.
      removeHeader(request, "content-length");
      if (admitted.body !== undefined) request.body = admitted.body.parsed;
      if (admitted.authInfo === undefined) delete request.auth;
      else request.auth = admitted.authInfo;
      for (const [name, value] of Object.entries(admitted.headers)) response.setHeader(name, value);
      watchAnswer(response, admitted);
    } catch (error) {
      return next(error);
    }
    next();
  };
}

/** Serves the protected-resource metadata of an endpoint (RFC 9728) alone. */
export function mcpMetadata<const Tools extends ToolRules>(policy: HttpPolicy<Tools>): NodeMiddleware {
  const resource = new ProtectedResource(policy);
  return async (request, response, next) => {
    const answer = await resource.answerTo(httpRequestOf(request));
    return answer === undefined ? next() : answerNode(response, answer);
  };
}

/** Records the session that the answer names. Ends an endless answer when its session has ended. */
function watchAnswer(response: NodeMcpResponse, admitted: Admitted): void {
  shadow(response, "writeHead", (original, status, ...rest) => {
    const session = sessionIn(rest) ?? response.getHeader("mcp-session-id");
    admitted.answered(Number(status), typeof session === "string" ? session : undefined);
    return original(status, ...rest);
  });
  if (!admitted.endless) return;
  let before: Promise<unknown> = Promise.resolve();
  for (const method of ["write", "end"]) {
    shadow(response, method, (original, ...args) => {
      before = before
        .then(() => admitted.recheck())
        .then(() => original(...args))
        .catch(() => response.destroy());
      return method === "write" ? true : response;
    });
  }
}

/** The session in the headers of `writeHead`, in every form that Node accepts. */
function sessionIn(rest: readonly unknown[]): unknown {
  const headers = rest.at(-1);
  if (Array.isArray(headers)) {
    const flat: unknown[] = headers.flat();
    const at = flat.findIndex((name, index) => index % 2 === 0 && isSessionHeader(name));
    return at < 0 ? undefined : flat[at + 1];
  }
  if (!isObject(headers)) return undefined;
  return Object.entries(headers).find(([name]) => isSessionHeader(name))?.[1];
}

function isSessionHeader(name: unknown): boolean {
  return typeof name === "string" && name.toLowerCase() === "mcp-session-id";
}
