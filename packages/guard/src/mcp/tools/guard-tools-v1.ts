import type { BaseToolCallback, McpServer, RegisteredTool } from "@modelcontextprotocol/sdk/server/mcp.js";
import type {
  AnySchema,
  SchemaOutput,
  ShapeOutput,
  ZodRawShapeCompat,
} from "@modelcontextprotocol/sdk/server/zod-compat.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type {
  CallToolResult,
  ServerNotification,
  ServerRequest,
  ToolAnnotations,
} from "@modelcontextprotocol/sdk/types.js";
import type { Principal } from "../../principal.ts";
import { isObject, ownMembers } from "../../support/own-members.ts";
import { bearersOf } from "../auth-info.ts";
import type { ArgsOf, Fitting, ToolConfig, ToolPolicy, ToolRules } from "../policy.ts";
import { shadow } from "../shadow.ts";
import { type Dialect, guardServer } from "./guarded-server.ts";

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** The context of a guarded tool's handler: the SDK's context, and the principal of the caller. */
export type GuardedContext = Extra & { readonly principal: Principal };

type ParsedBy<Input> = Input extends ZodRawShapeCompat
  ? ShapeOutput<Input>
  : Input extends AnySchema
    ? SchemaOutput<Input>
    : undefined;

/** The server, typed so that it takes the tools of its policy alone. */
export interface GuardedServer<Tools extends ToolRules> extends McpServer {
  /**
   * Registers a tool that the policy lists. If its rule looks at arguments (`allow.when`), the output of the input
   * schema must fit the rule.
   */
  registerTool<
    Name extends keyof Tools & string,
    Output extends ZodRawShapeCompat | AnySchema,
    Input extends undefined | ZodRawShapeCompat | AnySchema = undefined,
  >(
    name: Name,
    config: ToolConfig<Input, Output, ToolAnnotations> &
      Fitting<ArgsOf<Tools[Name]>, ParsedBy<Input>, { inputSchema: "its output is not what the rule takes" }>,
    handler: BaseToolCallback<CallToolResult, GuardedContext, Input>,
  ): RegisteredTool;
}

/** The `@modelcontextprotocol/sdk` package, version 1. */
const dialect: Dialect = {
  registrars: ["registerTool", "tool"],
  // The older `tool()` takes the fields of the input themselves. One of them may be named `inputSchema`.
  configOf: (registrar, argument) => (registrar === "tool" ? { inputSchema: argument } : argument),
  methodOf(schema) {
    const shape: unknown = isObject(schema) ? Reflect.get(schema, "shape") : undefined;
    const method: unknown = isObject(shape) ? Reflect.get(shape, "method") : undefined;
    const literal: unknown = isObject(method) ? Reflect.get(method, "value") : undefined;
    if (typeof literal === "string") return literal;
    throw new Error("guardTools: a request handler's schema must name its method");
  },
  sourceOf(context) {
    const { authInfo, requestInfo, sessionId }: Partial<Extra> = ownMembers(context);
    const header = requestInfo && ownMembers(requestInfo.headers)["authorization"];
    const authorization = Array.isArray(header) ? header.join(", ") : header;
    const local = authInfo === undefined && requestInfo === undefined && sessionId === undefined;
    return { bearers: bearersOf(authInfo, authorization), local };
  },
  contextFor(context, principal) {
    const { authInfo, requestInfo }: Partial<Extra> = ownMembers(context);
    return {
      ...context,
      principal,
      // A stored task would keep the request with its token.
      taskStore: undefined,
      ...(authInfo !== undefined && { authInfo: { ...authInfo, token: "" } }),
      ...(requestInfo !== undefined && {
        requestInfo: { ...requestInfo, headers: { ...requestInfo.headers, authorization: undefined } },
      }),
    };
  },
  privately: (_context, result) => result,
};

/**
 * Puts one policy in front of the tools of an MCP server of the SDK's first major version. Call it right after the
 * server is made, before its first tool. When the server connects, each tool must have a rule and each rule a tool.
 *
 * It guards the list and the calls of tools. Resources, prompts and completions stay as they are. Over HTTP, `guardMcp`
 * requires a token for them. Tools that run as tasks (experimental in the SDK) are refused: any caller that knows a
 * task's id could fetch its result.
 *
 * @returns the same server, typed so that it takes the policy's tools and hands a principal to each
 * @throws {Error} if tools were registered before, or an option of the policy has a wrong form
 */
export function guardTools<const Tools extends ToolRules>(
  server: McpServer,
  policy: ToolPolicy<Tools>,
): GuardedServer<Tools> {
  guardServer(server, policy, dialect);
  shadow(server.experimental.tasks, "registerToolTask", (_original, name) => {
    throw new Error(`guardTools: tool "${String(name)}" runs as a task, which cannot be guarded`);
  });
  // The same object: the shadowed methods do what its new type adds.
  return server as GuardedServer<Tools>;
}
