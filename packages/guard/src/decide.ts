import type { Rule } from "./allow.ts";
import type { Principal } from "./principal.ts";

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

/**
 * Judges a rule. The only place where it is decided who may do what: list, call and audit ask here.
 * More scopes are asked for only where they would help: not where a role is missing or a condition fails.
 */
export async function decide<Args>(
  rule: Rule<Args>,
  principal: Principal,
  asked: Asked<Args>,
  implies: Implications = {},
): Promise<Decision> {
  const granted = closure(principal.scopes, implies);

  async function find(rule: Rule<Args>): Promise<Finding> {
    switch (rule.kind) {
      case "roles":
        if (rule.anyOf.some((role) => principal.roles.includes(role))) return { met: "yes", scopes: [] };
        return { met: "no", reason: `needs role ${rule.anyOf.join(" or ")}` };
      case "scopes": {
        const met = rule.allOf.every((scope) => granted.has(scope)) ? "yes" : "with scopes";
        return { met, scopes: rule.allOf };
      }
      case "when":
        if (asked === "anything") return { met: "yes", scopes: [] };
        try {
          const holds = await rule.holds(principal, asked.args);
          return holds === true ? { met: "yes", scopes: [] } : { met: "no", reason: "a condition fails" };
        } catch {
          return { met: "no", reason: "a condition threw" };
        }
      case "all":
        return every(await Promise.all(rule.rules.map(find)));
      case "any":
        return some(await Promise.all(rule.rules.map(find)), granted);
    }
  }

  const found = await find(rule);
  if (found.met === "yes") return { allowed: true };
  if (found.met === "no") return { allowed: false, code: "forbidden", reason: found.reason };
  const reason = `needs scope ${found.scopes.join(" ")}`;
  return { allowed: false, code: "insufficient_scope", reason, scopes: found.scopes };
}

function every(findings: readonly Finding[]): Finding {
  const scopes = new Set<string>();
  let met: "yes" | "with scopes" = "yes";
  for (const found of findings) {
    if (found.met === "no") return found;
    if (found.met === "with scopes") met = "with scopes";
    for (const scope of found.scopes) scopes.add(scope);
  }
  return { met, scopes: [...scopes] };
}

/** Of several ways that need more scopes, the one that needs the fewest more. */
function some(findings: readonly Finding[], granted: ReadonlySet<string>): Finding {
  const met = findings.find((found) => found.met === "yes");
  if (met !== undefined) return met;
  const missing = (scopes: readonly string[]) => scopes.filter((scope) => !granted.has(scope)).length;
  const ways = findings.flatMap((found) => (found.met === "with scopes" ? [found] : []));
  const [nearest] = ways.sort((one, other) => missing(one.scopes) - missing(other.scopes));
  if (nearest !== undefined) return nearest;
  const reasons = findings.flatMap((found) => (found.met === "no" ? [found.reason] : []));
  return { met: "no", reason: reasons.join(", or ") || "allowed to nobody" };
}

function closure(scopes: readonly string[], implies: Implications): ReadonlySet<string> {
  const granted = new Set(scopes);
  // A set that grows while it is walked is walked to its new end.
  for (const scope of granted) {
    for (const implied of Object.hasOwn(implies, scope) ? (implies[scope] ?? []) : []) granted.add(implied);
  }
  return granted;
}
