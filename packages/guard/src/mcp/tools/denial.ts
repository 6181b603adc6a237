import type { TokenError } from "../../token-error.ts";

/** The code of a denial in a tool's result: one of the guard's own. */
export const codeKey = "latchkey/code";
/** With `insufficient_scope`: all the scopes that the call needs. */
export const scopesKey = "latchkey/scopes";

/** The result of a tool call that was turned away. */
export interface Denial {
  readonly isError: true;
  readonly content: { readonly type: "text"; readonly text: string }[];
  readonly _meta: Record<string, unknown>;
}

/**
 * What a tool call is answered that may not go ahead: a result that its caller can read, where an HTTP
 * status would reach the transport only. It says nothing of roles, owners or which tools there are; scopes
 * it names only where more of them would help.
 *
 * @param tokenField named to who sent no token, so that it is known where to put one
 */
export function denialOf({ code, message, scopes }: TokenError, tokenField?: string): Denial {
  const where =
    code === "missing_token" && tokenField !== undefined ? `, in the argument "${tokenField}"` : "";
  const which = scopes.length > 0 ? `: ${scopes.join(" ")}` : "";
  return {
    isError: true,
    content: [{ type: "text", text: `${message}${where}${which}` }],
    _meta: { [codeKey]: code, ...(scopes.length > 0 && { [scopesKey]: [...scopes] }) },
  };
}
