import type { Condition, Rule } from "../rules/allow.ts";
import type { Implications } from "../rules/decide.ts";
import type { TokenErrorCode } from "../token-error.ts";
import type { AnyGuard } from "./held-token.ts";

/** The rule of each tool, by the tool's name. `never` admits a rule for arguments of any type. */
export type ToolRules = Readonly<Record<string, Rule<never>>>;

/** A decision about one call, for the audit. It holds no token and no arguments. */
export interface ToolDecision {
  /** `?` if the tool is not known: the request's header was refused or missing, or the name is not a possible one. */
  readonly tool: string;
  /** Undefined if the caller is not known. */
  readonly userId: string | undefined;
  readonly outcome: "allowed" | "denied";
  /** The code of a denial, as the caller sees it. */
  readonly code?: TokenErrorCode;
  /** The check that failed, for the log. The caller does not see it. */
  readonly reason?: string;
}

/** A policy without its rules: how calls are checked, for any set of tools. */
export interface ToolGuard {
  readonly guard: AnyGuard;
  /**
   * The name of an argument, such as `token`, in which each call may carry its access token. Every tool's input schema
   * shows it. It is taken out of the arguments before any other code sees them.
   */
  readonly tokenField?: string;
  /**
   * With `tokenField`: a list without a token shows the tools that a principal with these roles could call.
   * Default: no roles, so the list shows the tools with a rule that needs no role. Calls are not affected.
   */
  readonly rolesBeforeToken?: readonly string[];
  /** Scopes that include others: `{ "notes:write": ["notes:read"] }`. */
  readonly implies?: Implications;
  /**
   * For a server over stdio: the token of a call that carries none, such as `process.env.NOTES_TOKEN`.
   * Verified at every call. Used over the SDK's own stdio transport alone.
   */
  readonly token?: string | undefined | (() => string | undefined | Promise<string | undefined>);
  /** Receives every decision about a call. If it throws, the call is denied. */
  readonly onDecision?: (decision: ToolDecision) => void;
}

/** One policy in front of the tools of an MCP server. */
export interface ToolPolicy<Tools extends ToolRules> extends ToolGuard {
  /** The rule of each tool. A tool without a rule is denied to every caller. */
  readonly tools: Tools;
}

/** The arguments that a rule looks at, through `allow.when`; unknown if it looks at none. */
export type ArgsOf<R extends Rule<never>> =
  Extract<R, { readonly kind: "when" }> extends { readonly holds: Condition<infer Args> }
    ? [Args] extends [never]
      ? unknown
      : Args
    : unknown;

/** The configuration of a guarded tool. Instead of `scopeChallenge`, the policy has `allow.scopes`. */
export interface ToolConfig<Input, Output, Annotations> {
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema?: Input;
  readonly outputSchema?: Output;
  readonly annotations?: Annotations;
  readonly _meta?: Record<string, unknown>;
}

/** The part that a tool's configuration must add so that its parsed arguments fit its rule. */
export type Fitting<Args, Parsed, Needed> = unknown extends Args
  ? unknown
  : Parsed extends Args
    ? unknown
    : Needed;

/** A name that objects do not inherit, and that every client can write. */
const fieldName = /^[A-Za-z][\w-]{0,63}$/;

/** @throws {Error} if an option of the policy has a wrong form */
export function assertPolicy({ tokenField, rolesBeforeToken = [] }: ToolPolicy<ToolRules>): void {
  // In a program without types, a single text would be read as a list of one-letter roles.
  if (!Array.isArray(rolesBeforeToken) || !rolesBeforeToken.every((role) => typeof role === "string")) {
    throw new Error("rolesBeforeToken must be a list of role names");
  }
  if (tokenField !== undefined && (!fieldName.test(tokenField) || tokenField in {})) {
    throw new Error(
      `tokenField must be a name of letters, digits, "_" and "-": ${JSON.stringify(tokenField)}`,
    );
  }
}
