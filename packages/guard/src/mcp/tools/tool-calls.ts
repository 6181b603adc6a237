import type { Principal } from "../../principal.ts";
import { assertAllowed } from "../../rules/decide.ts";
import { isObject, membersOf, ownMembers } from "../../support/own-members.ts";
import { TokenError } from "../../token-error.ts";
import { takeToken } from "../token-field.ts";
import type { RequestSource } from "./caller.ts";
import type { ToolGate } from "./tool-gate.ts";

/** The member of a denied result's `_meta` that holds the guard's code. */
export const codeKey = "latchkey/code";
/** With `insufficient_scope`: the member that lists all scopes that the call needs. */
export const scopesKey = "latchkey/scopes";

/** The SDK's own handler of a request. */
export type Next = (request: unknown, context: object) => unknown;

/** Makes the context for a tool's handler. */
type ContextFor = (context: object, principal: Principal) => object;

/** `tools/call` of a guarded server: decided before the SDK parses the arguments, and again after it if need be. */
export class ToolCalls {
  readonly #gate: ToolGate;
  readonly #contextFor: ContextFor;
  /**
   * The permission that a call carries on its way to the tool's handler, by the context that was made for the handler.
   * Other code cannot make such a context.
   */
  readonly #grants = new WeakMap<object, { readonly tool: string; readonly principal: Principal }>();
  readonly #guardedHandlers = new WeakSet<object>();

  constructor(gate: ToolGate, contextFor: ContextFor) {
    this.#gate = gate;
    this.#contextFor = contextFor;
  }

  /** Verifies the caller and decides the call. The SDK sees the arguments without the token. */
  async call(request: unknown, context: object, source: RequestSource, next: Next): Promise<unknown> {
    const params = membersOf(membersOf(request)["params"]);
    const tool = String(params["name"]);
    const { token, rest } = takeToken(params["arguments"], this.#gate.tokenField);
    let principal: Principal | undefined;
    try {
      const caller = await this.#gate.authenticate(token, source);
      principal = caller.principal;
      assertAllowed(await this.#gate.decideCall(tool, caller));
    } catch (error) {
      return this.#deny(tool, principal, error);
    }
    const granted = this.#contextFor(context, principal);
    this.#grants.set(granted, { tool, principal });
    const bare = {
      ...params,
      ...(rest !== undefined && { arguments: isObject(rest) ? ownMembers(rest) : rest }),
    };
    return await next({ ...(isObject(request) && request), params: bare }, granted);
  }

  /** Wraps a tool's handler. It runs only with a grant, and only if the parsed arguments are allowed too. */
  handler(callback: unknown) {
    if (typeof callback !== "function") throw new Error("guardTools: a tool needs a handler");
    if (this.#guardedHandlers.has(callback)) return callback;
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
    this.#guardedHandlers.add(guarded);
    return guarded;
  }

  #deny(tool: string, principal: Principal | undefined, error: unknown) {
    const refusal = error instanceof TokenError ? error : new TokenError("forbidden", "the decision threw");
    this.#gate.denied(tool, principal, refusal);
    return denialOf(refusal, this.#gate.tokenField);
  }
}

/**
 * The result of a denied call. It is a result and not an HTTP status, because a status reaches the transport alone. It
 * names no roles and no owners. It names scopes only if a token with more of them would help.
 *
 * @param tokenField the argument in which a caller without a token can send one
 */
function denialOf({ code, message, scopes }: TokenError, tokenField?: string) {
  const place =
    code === "missing_token" && tokenField !== undefined ? `, in the argument "${tokenField}"` : "";
  const needed = scopes.length > 0 ? `: ${scopes.join(" ")}` : "";
  return {
    isError: true,
    content: [{ type: "text", text: `${message}${place}${needed}` }],
    _meta: { [codeKey]: code, ...(scopes.length > 0 && { [scopesKey]: [...scopes] }) },
  };
}
