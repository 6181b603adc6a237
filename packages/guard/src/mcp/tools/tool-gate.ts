import type { Principal } from "../../principal.ts";
import { type Rule, soundRule } from "../../rules/allow.ts";
import { type Asked, type Decision, decide, type Implications } from "../../rules/decide.ts";
import { ownMembers } from "../../support/own-members.ts";
import type { TokenError } from "../../token-error.ts";
import type { HeldToken, VerifiedCaller } from "../held-token.ts";
import { assertPolicy, type ToolPolicy, type ToolRules } from "../policy.ts";
import { authenticate, type RequestSource } from "./caller.ts";

/** The form of a tool's name that the protocol advises. A name of another form is not logged. */
const toolName = /^[\w./-]{1,128}$/;

/** Decides about tools by one policy: for the list, for the call, for the HTTP answer and for the audit. */
export class ToolGate {
  readonly tokenField: string | undefined;
  /** The principal of a list without a token: it has the policy's `rolesBeforeToken`. */
  readonly stranger: Principal;
  readonly #policy: ToolPolicy<ToolRules>;
  readonly #rules: ReadonlyMap<string, Rule<never>>;

  /** @throws {Error} if the policy or one of its rules has a wrong form */
  constructor(given: ToolPolicy<ToolRules>) {
    const policy = ownMembers(given);
    assertPolicy(policy);
    this.tokenField = policy.tokenField;
    this.stranger = strangerWith(policy.rolesBeforeToken ?? []);
    this.#policy = policy;
    this.#rules = new Map(Object.entries(policy.tools).map(([tool, rule]) => [tool, soundRule(rule)]));
  }

  /** The policy's rules: servers that share a policy share this object. */
  get rules(): object {
    return this.#policy.tools;
  }

  /** The names of the tools that have a rule. */
  get tools(): ReadonlySet<string> {
    return new Set(this.#rules.keys());
  }

  /** @throws {TokenError} the reason why the caller's token is refused */
  async authenticate(field: HeldToken | undefined, source: RequestSource): Promise<VerifiedCaller> {
    return await authenticate(this.#policy, field, source);
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

  /** Records an allowed call. An error of the record is thrown on, so that the call is denied. */
  allowed(tool: string, principal: Principal): void {
    this.#policy.onDecision?.({ tool, userId: principal.userId, outcome: "allowed" });
  }

  /** Records a denied call. */
  denied(tool: string, principal: Principal | undefined, { code, reason }: TokenError): void {
    try {
      const named = toolName.test(tool) ? tool : "?";
      this.#policy.onDecision?.({ tool: named, userId: principal?.userId, outcome: "denied", code, reason });
    } catch {
      // The call is denied either way.
    }
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
}

/** The gates of frozen policies. */
const gates = new WeakMap<object, ToolGate>();

/**
 * The gate of a policy. A frozen policy with frozen rules cannot change, so it is read once per process. A server over
 * HTTP is made from it for each request.
 *
 * @throws {Error} if the policy or one of its rules has a wrong form
 */
export function toolGateOf(policy: ToolPolicy<ToolRules>): ToolGate {
  const known = gates.get(policy);
  if (known !== undefined) return known;
  const gate = new ToolGate(policy);
  if (Object.isFrozen(policy) && Object.isFrozen(policy.tools)) gates.set(policy, gate);
  return gate;
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

function strangerWith(roles: readonly string[]): Principal {
  const unknown = { userId: "", username: "", scopes: [], sessionId: undefined, expiresAt: 0, claims: {} };
  return Object.freeze({ ...unknown, roles: Object.freeze([...roles]) });
}
