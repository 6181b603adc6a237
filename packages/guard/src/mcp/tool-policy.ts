import type { Rule } from "../rules/allow.ts";
import type { Implications } from "../rules/decide.ts";
import type { TokenErrorCode } from "../token-error.ts";
import type { Verifier } from "./held-token.ts";

/** Which tools there are and who may call each. `never` admits a rule for arguments of any type. */
export type ToolRules = Readonly<Record<string, Rule<never>>>;

/** What was decided of one call, for the audit: no token and no arguments. */
export interface ToolDecision {
  /** `?` where that is not known: a request whose header was refused or lacks, a name that no tool can have. */
  readonly tool: string;
  /** Undefined where it is not known who called. */
  readonly userId: string | undefined;
  readonly outcome: "allowed" | "denied";
  /** With a denial, why: as the caller is told. */
  readonly code?: TokenErrorCode;
  /** With a denial, which check failed: for the log, not for the caller. */
  readonly reason?: string;
}

/** How calls of tools are checked, whatever the tools are. */
export interface ToolGuard {
  readonly guard: Verifier;
  /**
   * The name of an argument, such as `token`, in which each call may carry its access token. It is shown in
   * every tool's input schema and taken out of the arguments before anything else sees them.
   */
  readonly tokenField?: string;
  /**
   * With `tokenField`: a list without a token shows the tools that a principal with these roles could call.
   * Default: none, so it shows the tools whose rule needs no role. Calls are not affected.
   */
  readonly rolesBeforeToken?: readonly string[];
  /** Scopes that stand for others: `{ "notes:write": ["notes:read"] }`. */
  readonly implies?: Implications;
  /**
   * For a server over stdio: the token of a call that carries none, such as `process.env.NOTES_TOKEN`.
   * Checked at every call. Never used over any transport but the SDK's own for stdio.
   */
  readonly token?: string | undefined | (() => string | undefined | Promise<string | undefined>);
  /** Told of every decision about a call. If it throws, the call is denied. */
  readonly onDecision?: (decision: ToolDecision) => void;
}

/** One policy in front of the tools of an MCP server. */
export interface ToolPolicy<Tools extends ToolRules> extends ToolGuard {
  /** Who may call each tool. A tool that is not listed is denied to everybody. */
  readonly tools: Tools;
}

/** A name that no object inherits, and that every client can write. */
const fieldName = /^[A-Za-z][\w-]{0,63}$/;

/** @throws {Error} where the policy cannot be kept */
export function assertPolicy({ tokenField, rolesBeforeToken = [] }: ToolPolicy<ToolRules>): void {
  // Without types, a single text would be taken for a list of one-letter roles.
  if (!Array.isArray(rolesBeforeToken) || !rolesBeforeToken.every((role) => typeof role === "string")) {
    throw new Error("rolesBeforeToken must be a list of role names");
  }
  if (tokenField !== undefined && (!fieldName.test(tokenField) || tokenField in {})) {
    throw new Error(
      `tokenField must be a name of letters, digits, "_" and "-": ${JSON.stringify(tokenField)}`,
    );
  }
}
