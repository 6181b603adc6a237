import type { Principal } from "../principal.ts";
import { settlesWithin } from "../support/timers.ts";
import { type Condition, type Rule, soundRule } from "./allow.ts";

/** What a rule says of one principal. `reason` is for the log. */
export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly code: "forbidden"; readonly reason: string }
  | {
      readonly allowed: false;
      readonly code: "insufficient_scope";
      readonly reason: string;
      /** All the scopes that the call needs, those that the token has among them (RFC 6750 §3.1). */
      readonly scopes: readonly string[];
    };

/** Scopes that stand for others: `{ "notes:write": ["notes:read"] }`. Followed through any number of steps. */
export type Implications = Readonly<Record<string, readonly string[]>>;

/** What is asked for; `anything` asks whether there is something that the principal could ever be allowed. */
export type Asked<Args> = { readonly args: Args } | "anything";

/** What a rule comes to: satisfied, out of reach, or in reach of a token with more scopes. */
type Finding =
  | { readonly met: "yes" | "with scopes"; readonly scopes: readonly string[] }
  | { readonly met: "no"; readonly reason: string };

/** For how long a condition may think, in milliseconds: nobody is to wait for one that never answers. */
const conditionTimeout = 10_000;

/**
 * Judges a rule, from left to right, and no further than it must: behind a role that is missing no condition
 * is asked. The only place where it is decided who may do what: list, call and audit ask here. More scopes
 * are asked for only where they would help: not where a role is missing or a condition fails. It never
 * rejects: what cannot be judged is denied.
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

  /** Of several ways that need more scopes, the first of those that need the fewest more. */
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
  // A set that grows while it is walked is walked to its new end.
  for (const scope of granted) {
    const implied = Object.hasOwn(implies, scope) ? implies[scope] : undefined;
    // A single text, from a program without types, is not a list of one-letter scopes.
    if (Array.isArray(implied)) for (const one of implied) granted.add(one);
  }
  return granted;
}
