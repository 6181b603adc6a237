import { bearerIn, Refusal } from "../bearer.ts";
import type { Principal } from "../principal.ts";
import { allow, type Rule, soundRule } from "../rules/allow.ts";
import { assertAllowed, decide } from "../rules/decide.ts";
import { TokenError } from "../token-error.ts";
import type { Verifier } from "../verifier.ts";
import type { RouteDecision, RouteOptions } from "./route-options.ts";
import { pathOf, type RouteRequest } from "./route-request.ts";

/**
 * At most one rule. Without one, every signed-in user is allowed. An argument that is `undefined` is an error,
 * so that a misspelt name of a rule opens nothing.
 */
export type GivenRule<Request> = readonly [] | readonly [Rule<Request>];

/** Returns the principal of an allowed request, or the refusal to send. */
export type RequestCheck<Request> = (
  request: Request,
  incoming: RouteRequest,
) => Promise<Principal | Refusal>;

/**
 * Makes the check that every adapter uses. It reads the token from the `Authorization` header alone (RFC 6750
 * §2.1, not §2.2 and §2.3), and then judges the rule.
 *
 * The check rejects with an {Error} if the guard itself fails. It never rejects with a value other than an
 * error, because some frameworks continue when they receive `undefined`.
 *
 * @throws {TypeError} if the argument is not a rule
 */
export function createRequestCheck<Request>(
  guard: Pick<Verifier, "verify">,
  { implies, onDecision }: RouteOptions,
  given: GivenRule<Request>,
): RequestCheck<Request> {
  const rule: Rule<Request> = given.length === 0 ? allow.all() : soundRule(given[0]);

  async function check(request: Request, { method, url, authorization }: RouteRequest) {
    const asked = { method, path: pathOf(url) };
    let principal: Principal | undefined;
    try {
      principal = await guard.verify(bearerIn(authorization));
      assertAllowed(await decide(rule, principal, { args: request }, implies));
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      const { code, reason } = error;
      record({ ...asked, outcome: "denied", userId: principal?.userId, code, reason });
      return new Refusal(error);
    }
    onDecision?.({ ...asked, outcome: "allowed", userId: principal.userId });
    return principal;
  }

  function record(denial: RouteDecision): void {
    try {
      onDecision?.(denial);
    } catch {
      // The request is denied anyway.
    }
  }

  return (request, incoming) =>
    check(request, incoming).catch((thrown: unknown) => {
      throw thrown instanceof Error ? thrown : new Error("the guard failed", { cause: thrown });
    });
}
