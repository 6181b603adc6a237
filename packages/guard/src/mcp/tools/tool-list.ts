import type { Principal } from "../../principal.ts";
import { isObject, type Members, own } from "../../support/own-members.ts";
import type { RequestSource } from "./caller.ts";
import { ofTool, withField } from "./input-schema.ts";
import { listedParts, type RegisteredTools } from "./registered-tools.ts";
import type { Next } from "./tool-calls.ts";
import type { ToolGate } from "./tool-gate.ts";

/** Marks a result as private to its user. */
type Privately = (context: object, result: Members) => Members;

/** `tools/list` of a guarded server. */
export class ToolList {
  readonly #gate: ToolGate;
  readonly #registered: RegisteredTools;
  readonly #privately: Privately;

  constructor(gate: ToolGate, registered: RegisteredTools, privately: Privately) {
    this.#gate = gate;
    this.#registered = registered;
    this.#privately = privately;
  }

  /**
   * The tools that the principal could call, with this token or one of more scopes. A list without a token shows the
   * tools that a principal with the policy's `rolesBeforeToken` could call.
   *
   * @throws {TokenError} if the token is refused, or if it is missing and calls cannot carry one in `tokenField`
   */
  async list(request: unknown, context: object, source: RequestSource, next: Next): Promise<unknown> {
    const principal = await this.#principalOf(source);
    const result = await this.#converted(() => next(request, context));
    const tools = Array.isArray(result["tools"]) ? result["tools"] : [];
    const field = this.#gate.tokenField;
    const required = principal === undefined;
    const shown: unknown[] = [];
    for (const tool of tools) {
      if (!isObject(tool) || !(await this.#isShown(String(tool["name"]), principal))) continue;
      shown.push(field === undefined ? tool : withTokenField(tool, field, required, source.local));
    }
    return this.#privately(context, { ...result, tools: shown });
  }

  async #principalOf(source: RequestSource): Promise<Principal | undefined> {
    try {
      return (await this.#gate.authenticate(undefined, source)).principal;
    } catch (error) {
      if (this.#gate.tokenField === undefined || source.bearers.length > 0) throw error;
      return undefined;
    }
  }

  async #isShown(tool: string, principal: Principal | undefined): Promise<boolean> {
    const decision = await this.#gate.decide(tool, principal ?? this.#gate.stranger);
    return decision.allowed || decision.code === "insufficient_scope";
  }

  /** The SDK's list of all tools. It is converted again only if a part of a tool has changed. */
  async #converted(convert: () => unknown): Promise<Members> {
    const parts = listedParts(this.#registered);
    const last = lastLists.get(this.#gate.rules);
    if (last !== undefined && sameParts(last.parts, parts)) return last.list;
    const converted = await convert();
    const list = isObject(converted) ? converted : {};
    lastLists.set(this.#gate.rules, { parts, list });
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
