import type { Config } from "../config/config.ts";
import type { SteadyClock } from "../core/clock.ts";
import { atFirstUse } from "../core/first-use.ts";
import type { BreachCheck, PasswordRules } from "../core/passwords/policy.ts";

/** The parts of a server that the rules use. A command on the database has none of them. */
export interface RuleParts {
  /** The address of the server, if it is known. A good password does not consist of its words. */
  readonly issuer: string | undefined;
  readonly steady?: SteadyClock;
  /** Gets the cause if a check for breaches fails. */
  readonly onUnavailable?: (message: string) => void;
}

/**
 * The rules for new passwords. Composing them loads nothing: the first password that is set loads the checks, and a
 * thread loads the dictionaries.
 */
export function passwordRulesOf(config: Config, parts: RuleParts): PasswordRules {
  const { issuer } = parts;
  const openThreads = atFirstUse(() => import("../password-checks/threads.ts"));
  return {
    minLength: config.passwordMinLength,
    words: ["latchkey", ...(issuer === undefined ? [] : [new URL(issuer).hostname])],
    async strength(password, words, requester) {
      const { runInThread } = await openThreads();
      return runInThread("strength", { password, words }, requester);
    },
    breaches: breachChecks(config, parts),
    breachFailure: config.breachFailure,
  };
}

/** The file goes first: it answers without the network. */
function breachChecks(
  { breachFilter, breachRangeUrl }: Config,
  { steady = () => performance.now(), onUnavailable = () => {} }: RuleParts,
): BreachCheck[] {
  const checks: BreachCheck[] = [];
  if (breachFilter !== undefined) {
    checks.push(
      lazily(async () => {
        const { filterCheck } = await import("../password-checks/breach-filter/lookup.ts");
        return filterCheck(breachFilter, (cause) => onUnavailable(`the breach filter failed: ${cause}`));
      }),
    );
  }
  if (breachRangeUrl !== undefined) {
    checks.push(
      lazily(async () => {
        const { rangeCheck } = await import("../password-checks/range-check.ts");
        const tell = (cause: string) => onUnavailable(`the range check for breaches failed: ${cause}`);
        return rangeCheck({ url: breachRangeUrl, steady, onUnavailable: tell });
      }),
    );
  }
  return checks;
}

function lazily(load: () => Promise<BreachCheck>): BreachCheck {
  const check = atFirstUse(load);
  return async (password) => (await check())(password);
}
