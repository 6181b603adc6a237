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
import type { Principal } from "../../principal.ts";
import { ownMembers } from "../../support/own-members.ts";
import { bearersOf } from "../auth-info.ts";
import type { ArgsOf, Fitting, ToolConfig, ToolPolicy, ToolRules } from "../policy.ts";
import { type Dialect, guardServer } from "./guarded-server.ts";

/** The context of a guarded tool's handler: the SDK's context, and the principal of the caller. */
export type GuardedContext = ServerContext & { readonly principal: Principal };

type ParsedBy<Input> = Input extends StandardSchemaWithJSON
  ? StandardSchemaWithJSON.InferOutput<Input>
  : undefined;

/** The server, typed so that it takes the tools of its policy alone. */
export interface GuardedServer<Tools extends ToolRules> extends McpServer {
  /**
   * Registers a tool that the policy lists. If its rule looks at arguments (`allow.when`), the output of the input
   * schema must fit the rule.
   */
  registerTool<
    Name extends keyof Tools & string,
    Output extends StandardSchemaWithJSON,
    Input extends StandardSchemaWithJSON | undefined = undefined,
  >(
    name: Name,
    config: ToolConfig<Input, Output, ToolAnnotations> & { readonly icons?: Icon[] } & Fitting<
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
  configOf: (_registrar, argument) => argument,
  methodOf: String,
  sourceOf(context) {
    const { http, sessionId }: Partial<ServerContext> = ownMembers(context);
    const authorization = http?.req?.headers.get("authorization");
    return { bearers: bearersOf(http?.authInfo, authorization), local: !http && sessionId === undefined };
  },
  contextFor(context, principal) {
    const { http }: Partial<ServerContext> = ownMembers(context);
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
    const { mcpReq }: Partial<ServerContext> = ownMembers(context);
    return mcpReq?.envelope !== undefined ? { ...result, cacheScope: "private" } : result;
  },
};

/** The request without its possible tokens: without the header, and without the body. */
function withoutTokens({ url, method, headers, signal }: Request): Request {
  const rest = new Headers(headers);
  for (const name of ["authorization", "content-length"]) rest.delete(name);
  return new Request(url, { method, headers: rest, signal });
}

/**
 * Puts one policy in front of the tools of an MCP server. Call it right after the server is made, before its first
 * tool. When the server connects, each tool must have a rule and each rule a tool.
 *
 * It guards the list and the calls of tools. Resources, prompts and completions stay as they are. Over HTTP, `guardMcp`
 * requires a token for them.
 *
 * @returns the same server, typed so that it takes the policy's tools and hands a principal to each
 * @throws {Error} if tools were registered before, or an option of the policy has a wrong form
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
  guardServer(server, policy, dialect);
  // The same object: the shadowed methods do what its new type adds.
  return server as GuardedServer<Tools>;
}
