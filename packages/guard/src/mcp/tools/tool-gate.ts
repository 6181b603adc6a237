import { type Rule, soundRule } from "../../allow.ts";
import { type Asked, type Decision, decide, type Implications } from "../../decide.ts";
import { ownMembers } from "../../own-members.ts";
import type { Principal } from "../../principal.ts";
import { TokenError } from "../../token-error.ts";
import { HeldToken, justVerified, textOf, verifyHeld } from "../held-token.ts";
import { assertPolicy, type ToolPolicy, type ToolRules } from "../tool-policy.ts";

/** What a request says of who sent it, apart from its arguments. */
export interface Caller {
  /** Tokens that came with the HTTP request. */
  readonly bearers: readonly HeldToken[];
  /** Whether it came over a pipe of this machine, so that the environment may speak for it. */
  readonly local: boolean;
}

/** A caller whose token was verified. */
export interface VerifiedCaller {
  readonly principal: Principal;
  readonly token: HeldToken;
}

/** What a tool may be called, by the protocol's own advice: anything else a caller asks for goes in no log. */
const toolName = /^[\w./-]{1,128}$/;

/** Decides who may call which tool: for the list, for the call, for the HTTP answer and for the audit. */
export class ToolGate {
  readonly tokenField: string | undefined;
  /** A caller without a token, as the list sees one: with the roles that the policy shows tools for. */
  readonly stranger: Principal;
  readonly #policy: ToolPolicy<ToolRules>;
  readonly #rules: ReadonlyMap<string, Rule<never>>;

  constructor(given: ToolPolicy<ToolRules>) {
    const policy = ownMembers(given);
    assertPolicy(policy);
    this.tokenField = policy.tokenField;
    this.stranger = strangerWith(policy.rolesBeforeToken ?? []);
    this.#policy = policy;
    this.#rules = new Map(Object.entries(policy.tools).map(([tool, rule]) => [tool, soundRule(rule)]));
  }

  /** The policy's rules, which servers that are made from one policy share. */
  get rules(): object {
    return this.#policy.tools;
  }

  /** The names of the tools that the policy lists. */
  get tools(): readonly string[] {
    return [...this.#rules.keys()];
  }

  /**
   * Verifies the caller's token. The HTTP gate has verified the one of the header a moment ago: that counts.
   *
   * @param field the token in the call's arguments
   * @throws {TokenError} `token_mismatch` if two tokens differ, or the reason why the token is refused
   */
  async authenticate(field: HeldToken | undefined, caller: Caller): Promise<VerifiedCaller> {
    const sent = field === undefined ? caller.bearers : [field, ...caller.bearers];
    const token = sent[0] ?? (caller.local ? await this.#fromEnvironment() : undefined);
    if (token === undefined) throw new TokenError("missing_token");
    textOf(token);
    if (!sent.every((other) => other.matches(token))) throw new TokenError("token_mismatch");
    const { guard } = this.#policy;
    for (const one of sent) {
      const principal = justVerified(one, guard);
      if (principal !== undefined) return { principal, token: one };
    }
    return { principal: await verifyHeld(token, guard), token };
  }

  /** Decides whether a principal could call a tool, whatever the arguments. A tool without a rule is denied. */
  async decide(tool: string, principal: Principal): Promise<Decision> {
    return await this.#judge(this.#rules.get(tool), principal, "anything");
  }

  /** The same for a call, decided once: the HTTP gate and the server ask for the same token and rule. */
  async decideCall(tool: string, { principal, token }: VerifiedCaller): Promise<Decision> {
    const rule = this.#rules.get(tool);
    const { implies } = this.#policy;
    const last = decisions.get(token);
    if (last?.rule === rule && last?.implies === implies && last?.principal === principal) {
      return last.decision;
    }
    const decision = await this.#judge(rule, principal, "anything");
    decisions.set(token, { rule, implies, principal, decision });
    return decision;
  }

  /** Decides a call with its parsed arguments, if the tool's rule looks at them. */
  async decideArguments(tool: string, principal: Principal, args: unknown): Promise<Decision> {
    const rule = this.#rules.get(tool);
    if (rule !== undefined && !looksAtArguments(rule)) return { allowed: true };
    return await this.#judge(rule, principal, { args });
  }

  async #judge(
    rule: Rule<never> | undefined,
    principal: Principal,
    asked: Asked<unknown>,
  ): Promise<Decision> {
    if (rule === undefined) {
      return { allowed: false, code: "forbidden", reason: "no such tool in the policy" };
    }
    // The type system alone checks, at registerTool, that the rule takes the schema's output.
    return await decide(rule as Rule<unknown>, principal, asked, this.#policy.implies);
  }

  /** Records a call that goes ahead. Whatever the record throws is thrown, so that it does not. */
  allowed(tool: string, principal: Principal): void {
    this.#policy.onDecision?.({ tool, userId: principal.userId, outcome: "allowed" });
  }

  /** Records a call that was turned away. */
  denied(tool: string, principal: Principal | undefined, { code, reason }: TokenError): void {
    try {
      const named = toolName.test(tool) ? tool : "?";
      this.#policy.onDecision?.({ tool: named, userId: principal?.userId, outcome: "denied", code, reason });
    } catch {
      // It is denied either way.
    }
  }

  async #fromEnvironment(): Promise<HeldToken | undefined> {
    const { token } = this.#policy;
    try {
      const value = typeof token === "function" ? await token() : token;
      return value === undefined || value === "" ? undefined : new HeldToken(value);
    } catch {
      throw new TokenError("missing_token", "the token of the environment could not be read");
    }
  }
}

function strangerWith(roles: readonly string[]): Principal {
  const nobody = { userId: "", username: "", scopes: [], sessionId: undefined, expiresAt: 0, claims: {} };
  return Object.freeze({ ...nobody, roles: Object.freeze([...roles]) });
}

interface CallDecision {
  readonly rule: Rule<never> | undefined;
  readonly implies: Implications | undefined;
  readonly principal: Principal;
  readonly decision: Decision;
}

/** The last decision for each token that came with a call. Rules are frozen, so the same rule decides the same. */
const decisions = new WeakMap<HeldToken, CallDecision>();

function looksAtArguments(rule: Rule<never>): boolean {
  if (rule.kind === "when") return true;
  return (rule.kind === "all" || rule.kind === "any") && rule.rules.some(looksAtArguments);
}

/** @throws {TokenError} if the decision is a denial */
export function assertAllowed(decision: Decision): void {
  if (decision.allowed) return;
  const scopes = decision.code === "insufficient_scope" ? decision.scopes : [];
  throw new TokenError(decision.code, decision.reason, scopes);
}
