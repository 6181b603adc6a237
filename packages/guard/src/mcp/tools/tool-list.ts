import type { Principal } from "../../principal.ts";
import { isObject, type Members, own } from "../../support/own-members.ts";
import type { RequestSource } from "./caller.ts";
import { ofTool, withField } from "./input-schema.ts";
import { listedParts, type RegisteredTools } from "./registered-tools.ts";
import type { Next } from "./tool-calls.ts";
import type { ToolGate } from "./tool-gate.ts";

/** Marks a result as private to its user. */
type Privately = (context: object, result: Members) => Members;

/**
 * Makes `tools/list` of a guarded server: the tools that the principal could call, with this token or one of more
 * scopes. A list without a token shows the tools that a principal with the policy's `rolesBeforeToken` could call.
 *
 * The function throws {TokenError} if the token is refused, or if it is missing and calls cannot carry one in
 * `tokenField`.
 */
export function createToolList(gate: ToolGate, registered: RegisteredTools, privately: Privately) {
  return async function list(request: unknown, context: object, source: RequestSource, next: Next) {
    const principal = await principalOf(source);
    const result = await converted(() => next(request, context));
    const tools = Array.isArray(result["tools"]) ? result["tools"] : [];
    const field = gate.tokenField;
    const required = principal === undefined;
    const shown: unknown[] = [];
    for (const tool of tools) {
      if (!isObject(tool) || !(await isShown(String(tool["name"]), principal))) continue;
      shown.push(field === undefined ? tool : withTokenField(tool, field, required, source.local));
    }
    return privately(context, { ...result, tools: shown });
  };

  async function principalOf(source: RequestSource): Promise<Principal | undefined> {
    try {
      return (await gate.authenticate(undefined, source)).principal;
    } catch (error) {
      if (gate.tokenField === undefined || source.bearers.length > 0) throw error;
      return undefined;
    }
  }

  async function isShown(tool: string, principal: Principal | undefined): Promise<boolean> {
    const decision = await gate.decide(tool, principal ?? gate.stranger);
    return decision.allowed || decision.code === "insufficient_scope";
  }

  /** The SDK's list of all tools. It is converted again only if a part of a tool has changed. */
  async function converted(convert: () => unknown): Promise<Members> {
    const parts = listedParts(registered);
    const last = lastLists.get(gate.rules);
    if (last !== undefined && sameParts(last.parts, parts)) return last.list;
    const result = await convert();
    const list = isObject(result) ? result : {};
    lastLists.set(gate.rules, { parts, list });
    return list;
  }
}

/**
 * The last list of each policy as the SDK converted it, with its parts, by the policy's rules. A server over HTTP is
 * often made for one request, and converting its schemas costs more than the rest of the answer.
 */
const lastLists = new WeakMap<object, { readonly parts: readonly unknown[]; readonly list: Members }>();

function sameParts(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, index) => Object.is(part, b[index]));
}

/** Entries with the token's field, by the SDK's entry. The entry of a kept list is extended once. */
const extended = new WeakMap<Members, Map<string, Members>>();

function withTokenField(tool: Members, field: string, required: boolean, local: boolean): Members {
  const known = extended.get(tool) ?? new Map<string, Members>();
  extended.set(tool, known);
  const variant = JSON.stringify([field, required, local]);
  const entry = known.get(variant) ?? extend(tool, field, required, local);
  known.set(variant, entry);
  return entry;
}

function extend(tool: Members, field: string, required: boolean, local: boolean): Members {
  const instead = local ? "the server's environment" : "an Authorization header";
  const description = required
    ? "Access token of the user that this call is made for."
    : `Access token of the user that this call is made for. Not needed: ${instead} carries one already.`;
  const schema = own(tool, "inputSchema");
  return {
    ...tool,
    inputSchema: ofTool(String(tool["name"]), () =>
      withField(isObject(schema) ? schema : {}, field, { description, required }),
    ),
  };
}
