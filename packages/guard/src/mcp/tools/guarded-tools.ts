import { membersOf, ownMembers } from "../../own-members.ts";
import type { Principal } from "../../principal.ts";
import { TokenError } from "../../token-error.ts";
import { takeToken } from "../field-argument.ts";
import { isObject, type Members, own } from "../objects.ts";
import { ConvertedLists } from "./converted-lists.ts";
import { type Denial, denialOf } from "./denial.ts";
import type { Dialect } from "./dialect.ts";
import { ofTool, withField } from "./input-schema.ts";
import { assertAllowed, type Caller, type ToolGate } from "./tool-gate.ts";

/** What a call was given on its way to the tool's handler. */
interface Grant {
  readonly tool: string;
  readonly principal: Principal;
}

type Next = (request: unknown, context: object) => unknown;

/** What a guarded server does with the requests that concern tools. */
export class GuardedTools {
  readonly #gate: ToolGate;
  readonly #dialect: Dialect;
  /** By the context that was made for the handler: nobody else can come by it. */
  readonly #grants = new WeakMap<object, Grant>();
  /** Handlers that were made here. */
  readonly #guarded = new WeakSet<object>();
  readonly lists: ConvertedLists;
  /** Whether the server was connected last to the SDK's stdio transport. */
  overStdio = false;

  constructor(gate: ToolGate, dialect: Dialect) {
    this.#gate = gate;
    this.lists = new ConvertedLists(gate.rules);
    this.#dialect = dialect;
  }

  /** `tools/call`: who calls, and whether this tool could be theirs, before its arguments are looked at. */
  async call(request: unknown, context: object, next: Next): Promise<unknown> {
    const params = membersOf(membersOf(request)["params"]);
    const tool = String(params["name"]);
    const { token, rest } = takeToken(params["arguments"], this.#gate.tokenField);
    let principal: Principal | undefined;
    try {
      const caller = await this.#gate.authenticate(token, this.#callerOf(context));
      principal = caller.principal;
      assertAllowed(await this.#gate.decideCall(tool, caller));
    } catch (error) {
      return this.#deny(tool, principal, error);
    }
    const granted = this.#dialect.contextFor(context, principal);
    this.#grants.set(granted, { tool, principal });
    const bare = {
      ...params,
      ...(rest !== undefined && { arguments: isObject(rest) ? ownMembers(rest) : rest }),
    };
    return await next({ ...(isObject(request) && request), params: bare }, granted);
  }

  /** A tool's handler, reached only with a grant, and only where the parsed arguments are allowed too. */
  handler(callback: unknown) {
    if (typeof callback !== "function") throw new Error("guardTools: a tool needs a handler");
    if (this.#guarded.has(callback)) return callback;
    const guarded = async (...args: readonly unknown[]): Promise<unknown> => {
      const context = args.at(-1);
      const grant = isObject(context) ? this.#grants.get(context) : undefined;
      if (grant === undefined) return denialOf(new TokenError("missing_token", "not through the guard"));
      const { tool, principal } = grant;
      try {
        const parsed = args.length > 1 ? args[0] : {};
        assertAllowed(await this.#gate.decideArguments(tool, principal, parsed));
        this.#gate.allowed(tool, principal);
      } catch (error) {
        return this.#deny(tool, principal, error);
      }
      return await Reflect.apply(callback, undefined, args);
    };
    this.#guarded.add(guarded);
    return guarded;
  }

  /**
   * `tools/list`: the tools that the principal could call, with this token or one of more scopes. If a token
   * can only come with a call, the list shows what a principal with the policy's `rolesBeforeToken` could call.
   *
   * @throws {TokenError} where the list needs a token and has none, or one that is refused
   */
  async list(request: unknown, context: object, next: Next): Promise<unknown> {
    const caller = this.#callerOf(context);
    const principal = await this.#principalOfList(caller);
    const result = await this.lists.get(() => next(request, context));
    const tools = Array.isArray(result["tools"]) ? result["tools"] : [];
    const field = this.#gate.tokenField;
    const required = principal === undefined;
    const shown: unknown[] = [];
    for (const tool of tools) {
      if (!isObject(tool) || !(await this.#isListed(String(tool["name"]), principal))) continue;
      shown.push(field === undefined ? tool : withTokenField(tool, field, required, caller.local));
    }
    return this.#dialect.privately(context, { ...result, tools: shown });
  }

  /** The environment's token speaks for the process at the other end of a pipe, and for no other transport. */
  #callerOf(context: object): Caller {
    const caller = this.#dialect.callerOf(context);
    return { ...caller, local: caller.local && this.overStdio };
  }

  async #isListed(tool: string, principal: Principal | undefined): Promise<boolean> {
    const decision = await this.#gate.decide(tool, principal ?? this.#gate.stranger);
    return decision.allowed || decision.code === "insufficient_scope";
  }

  async #principalOfList(caller: Caller): Promise<Principal | undefined> {
    try {
      return (await this.#gate.authenticate(undefined, caller)).principal;
    } catch (error) {
      if (this.#gate.tokenField === undefined || caller.bearers.length > 0) throw error;
      return undefined;
    }
  }

  #deny(tool: string, principal: Principal | undefined, error: unknown): Denial {
    const refusal = error instanceof TokenError ? error : new TokenError("forbidden", "the decision threw");
    this.#gate.denied(tool, principal, refusal);
    return denialOf(refusal, this.#gate.tokenField);
  }
}

/** Entries with the token's field, by the SDK's entry: an entry of a list that is kept is extended once. */
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
