import type { Principal } from "../principal.ts";
import { settlesWithin } from "../support/timers.ts";
import { TokenError } from "../token-error.ts";
import { type Condition, type Rule, soundRule } from "./allow.ts";

/** The outcome of a rule for one principal. `reason` is for the log. */
export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly code: "forbidden"; readonly reason: string }
  | {
      readonly allowed: false;
      readonly code: "insufficient_scope";
      readonly reason: string;
      /** All scopes that the call needs, including those that the token has (RFC 6750 §3.1). */
      readonly scopes: readonly string[];
    };

/** Scopes that imply others: `{ "notes:write": ["notes:read"] }`. An implied scope may imply more. */
export type Implications = Readonly<Record<string, readonly string[]>>;

/** The arguments of a call. `anything`: whether any arguments could be allowed, as for the list of tools. */
export type Asked<Args> = { readonly args: Args } | "anything";

/** The finding for a rule: met, not met, or met by a token with more scopes. */
type Finding =
  | { readonly met: "yes" | "with scopes"; readonly scopes: readonly string[] }
  | { readonly met: "no"; readonly reason: string };

/** Timeout of a condition, in milliseconds, so that a call never waits for ever. */
const conditionTimeout = 10_000;

/**
 * Judges a rule from left to right, and stops early: after a missing role, no condition runs. Every decision is
 * made here: for routes, the list of tools, calls and the audit. The outcome names missing scopes only if they
 * would help: not if a role is missing or a condition fails. It never rejects; an error denies.
 */
export async function decide<Args>(
  rule: Rule<Args>,
  principal: Principal,
  asked: Asked<Args>,
  implies: Implications = {},
): Promise<Decision> {
  try {
    const judge = new Judge(principal, asked, implies);
    const found = await judge.find(soundRule(rule));
    if (found.met === "yes") return { allowed: true };
    if (found.met === "no") return { allowed: false, code: "forbidden", reason: found.reason };
    const reason = `needs scope ${found.scopes.join(" ")}`;
    return { allowed: false, code: "insufficient_scope", reason, scopes: found.scopes };
  } catch {
    return { allowed: false, code: "forbidden", reason: "the rule could not be judged" };
  }
}

/** @throws {TokenError} if the decision is a denial */
export function assertAllowed(decision: Decision): void {
  if (decision.allowed) return;
  const scopes = decision.code === "insufficient_scope" ? decision.scopes : [];
  throw new TokenError(decision.code, decision.reason, scopes);
}

class Judge<Args> {
  readonly #principal: Principal;
  readonly #asked: Asked<Args>;
  readonly #granted: ReadonlySet<string>;

  constructor(principal: Principal, asked: Asked<Args>, implies: Implications) {
    this.#principal = principal;
    this.#asked = asked;
    this.#granted = closure(principal.scopes, implies);
  }

  async find(rule: Rule<Args>): Promise<Finding> {
    switch (rule.kind) {
      case "roles":
        if (rule.anyOf.some((role) => this.#principal.roles.includes(role))) return yes;
        return { met: "no", reason: `needs role ${rule.anyOf.join(" or ")}` };
      case "scopes":
        return { met: this.#missing(rule.allOf) === 0 ? "yes" : "with scopes", scopes: rule.allOf };
      case "when":
        return this.#holds(rule.holds);
      case "all":
        return this.#every(rule.rules);
      case "any":
        return this.#some(rule.rules);
    }
  }

  async #holds(condition: Condition<Args>): Promise<Finding> {
    if (this.#asked === "anything") return yes;
    try {
      const answer: unknown = condition(this.#principal, this.#asked.args);
      if (answer === true) return yes;
      if (answer === false) return { met: "no", reason: "a condition fails" };
      const later = Promise.resolve(answer);
      if (!(await settlesWithin(later, conditionTimeout)))
        return { met: "no", reason: "a condition did not answer" };
      return (await later) === true ? yes : { met: "no", reason: "a condition fails" };
    } catch {
      return { met: "no", reason: "a condition threw" };
    }
  }

  async #every(rules: readonly Rule<Args>[]): Promise<Finding> {
    const scopes = new Set<string>();
    let met: "yes" | "with scopes" = "yes";
    for (const rule of rules) {
      const found = await this.find(rule);
      if (found.met === "no") return found;
      if (found.met === "with scopes") met = "with scopes";
      for (const scope of found.scopes) scopes.add(scope);
    }
    return { met, scopes: [...scopes] };
  }

  /** Of several rules that need more scopes, the first with the fewest missing. */
  async #some(rules: readonly Rule<Args>[]): Promise<Finding> {
    let nearest: Finding | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    const reasons: string[] = [];
    for (const rule of rules) {
      const found = await this.find(rule);
      if (found.met === "yes") return found;
      if (found.met === "no") {
        reasons.push(found.reason);
        continue;
      }
      const more = this.#missing(found.scopes);
      if (more < fewest) [nearest, fewest] = [found, more];
    }
    return nearest ?? { met: "no", reason: reasons.join(", or ") || "allowed to nobody" };
  }

  #missing(scopes: readonly string[]): number {
    return scopes.filter((scope) => !this.#granted.has(scope)).length;
  }
}

const yes: Finding = { met: "yes", scopes: [] };

function closure(scopes: readonly string[], implies: Implications): ReadonlySet<string> {
  const granted = new Set(scopes);
  // The loop also visits scopes that are added on the way.
  for (const scope of granted) {
    const implied = Object.hasOwn(implies, scope) ? implies[scope] : undefined;
    // A program without types may give a text, which would count as a list of one-letter scopes.
    if (Array.isArray(implied)) for (const one of implied) granted.add(one);
  }
  return granted;
}
