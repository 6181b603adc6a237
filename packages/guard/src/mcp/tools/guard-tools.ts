import type {
  BaseToolCallback,
  CallToolResult,
  Icon,
  InputRequiredResult,
  McpServer,
  RegisteredTool,
  ServerContext,
  StandardSchemaWithJSON,
  ToolAnnotations,
} from "@modelcontextprotocol/server";
import { ownMembers } from "../../own-members.ts";
import type { Principal } from "../../principal.ts";
import { bearersOf } from "../http/http-bearer.ts";
import type { ToolPolicy, ToolRules } from "../tool-policy.ts";
import type { Dialect } from "./dialect.ts";
import { install } from "./install.ts";
import type { ArgsOf, Fitting } from "./rule-args.ts";

/** What the handler of a guarded tool is given: the SDK's context, and who calls. */
export type GuardedContext = ServerContext & { readonly principal: Principal };

/** What a guarded tool is registered with. It has no `scopeChallenge`: that is `allow.scopes` in the policy. */
interface ToolConfig<Input, Output> {
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema?: Input;
  readonly outputSchema?: Output;
  readonly annotations?: ToolAnnotations;
  readonly icons?: Icon[];
  readonly _meta?: Record<string, unknown>;
}

type ParsedBy<Input> = Input extends StandardSchemaWithJSON
  ? StandardSchemaWithJSON.InferOutput<Input>
  : undefined;

/** The server, which now takes the tools of its policy and no others. */
export interface GuardedServer<Tools extends ToolRules> extends McpServer {
  /**
   * Registers a tool that the policy lists. A rule that looks at arguments (`allow.when`) must be able to
   * take what the input schema makes of them.
   */
  registerTool<
    Name extends keyof Tools & string,
    Output extends StandardSchemaWithJSON,
    Input extends StandardSchemaWithJSON | undefined = undefined,
  >(
    name: Name,
    config: ToolConfig<Input, Output> &
      Fitting<
        ArgsOf<Tools[Name]>,
        ParsedBy<Input>,
        { inputSchema: StandardSchemaWithJSON<unknown, ArgsOf<Tools[Name]>> }
      >,
    handler: BaseToolCallback<CallToolResult | InputRequiredResult, GuardedContext, Input>,
  ): RegisteredTool;
}

/** The `@modelcontextprotocol/server` package, version 2. */
const dialect: Dialect = {
  registrars: ["registerTool"],
  methodOf: String,
  callerOf(context) {
    const { http, sessionId } = contextIn(context);
    const authorization = http?.req?.headers.get("authorization");
    return { bearers: bearersOf(http?.authInfo, authorization), local: !http && sessionId === undefined };
  },
  contextFor(context, principal) {
    const { http } = contextIn(context);
    if (http === undefined) return { ...context, principal };
    const { authInfo, req } = http;
    return {
      ...context,
      principal,
      http: {
        ...http,
        ...(authInfo !== undefined && { authInfo: { ...authInfo, token: "" } }),
        ...(req !== undefined && { req: withoutTokens(req) }),
      },
    };
  },
  privately(context, result) {
    const modern = contextIn(context).mcpReq?.envelope !== undefined;
    return modern ? { ...result, cacheScope: "private" } : result;
  },
};

/** The context of a request, as the SDK makes it for every handler. */
function contextIn(context: object): Partial<ServerContext> {
  return ownMembers(context);
}

/** The request without what may hold a token: the header, and the body, whose arguments the handler has. */
function withoutTokens({ url, method, headers, signal }: Request): Request {
  const rest = new Headers(headers);
  for (const name of ["authorization", "content-length"]) rest.delete(name);
  return new Request(url, { method, headers: rest, signal });
}

/**
 * Puts one policy in front of the tools of an MCP server. Call it right after the server is made, before its
 * first tool. When the server connects, the policy and the tools must name each other completely.
 *
 * Guards tools alone: their list and their calls. Resources, prompts and completions stay as they are; over
 * HTTP, `guardMcp` lets nobody in to them without a token.
 *
 * @returns the same server, typed so that it takes the policy's tools and hands a principal to each
 * @throws {Error} where tools were registered before, or the policy cannot be kept
 * @example
 * const server = guardTools(new McpServer({ name: "notes", version: "1.0.0" }), {
 *   guard,
 *   tokenField: "token",
 *   tools: { search: allow.roles("user"), purge: allow.roles("admin") },
 * });
 * server.registerTool("search", { inputSchema }, async ({ text }, { principal }) => …);
 */
export function guardTools<const Tools extends ToolRules>(
  server: McpServer,
  policy: ToolPolicy<Tools>,
): GuardedServer<Tools> {
  install(server, policy, dialect);
  // It is the same object; what its type adds is kept by the shadowed methods.
  return server as GuardedServer<Tools>;
}
