import { type AuditTrail, type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { Sessions } from "../stories/sessions.ts";
import { addressBucket } from "./addresses.ts";
import type { AttemptCounter, CountedLimit, Rule } from "./attempt-counter.ts";
import { limitKey } from "./forget-account.ts";

/** The limits on failures: of an account at an address, of an account, and of an address. */
export interface ThrottleRules {
  readonly pair: Rule;
  readonly account: Rule;
  readonly address: Rule;
}

export interface ThrottleParts {
  readonly rules: ThrottleRules;
  /** Separate counters: a flood of one operation must not displace the counts of the other. */
  readonly counters: Record<Attempt["operation"], AttemptCounter>;
  readonly sessions: Pick<Sessions, "openedFrom">;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  /**
   * The end of every key of an account. It changes with the fingerprints of unknown names, so a change of the secret
   * resets the counts of all names alike. Otherwise the reset would tell which names have no account.
   */
  readonly accountSuffix?: string;
}

export interface Attempt {
  readonly operation: "login" | "refresh";
  readonly caller: Caller;
  /** The account of the attempt, if it is known. Without it the attempt counts for the address alone. */
  readonly account?: {
    readonly key: string;
    readonly userId: string | undefined;
    /** The name of the account in the audit trail. Default: the key. */
    readonly subject?: string;
  };
  /** The OAuth client in the audit trail, if the attempt is one of a client. */
  readonly client?: string;
}

type Scope = keyof ThrottleRules;

interface Limit extends CountedLimit {
  readonly scope: Scope;
}

/**
 * An attempt under way. It counts under its limits until its disposal, which releases its reservations: a success and
 * a failure of the server never count.
 */
export interface Admission extends AsyncDisposable {
  /**
   * Counts the attempt as a failure.
   *
   * @returns the refusal to throw: `refusal`, or `rate_limited` if the caller is past a limit
   */
  failed(refusal: LatchkeyError): Promise<LatchkeyError>;
}

/**
 * Limits failed attempts. An attempt counts from its first moment, so a hundred parallel guesses count as a hundred.
 * It is given back unless it fails.
 *
 * A stranger can exhaust the limit of an account, or of a shared address, without locking the owner out: if the owner
 * has signed in from this address before, only the limit of the pair applies. A wrong guess past a limit gets the
 * answer of that limit.
 */
export class Throttle {
  readonly #parts: ThrottleParts;
  readonly #rules: Record<Attempt["operation"], ThrottleRules>;

  constructor(parts: ThrottleParts) {
    this.#parts = parts;
    this.#rules = { login: parts.rules, refresh: tenfold(parts.rules) };
  }

  /**
   * Admits an attempt if every limit has room for it.
   *
   * @throws {LatchkeyError} `rate_limited`, with the seconds to wait
   */
  async admit(attempt: Attempt): Promise<Admission> {
    const { held, passed } = await this.#reserve(attempt);
    let open = true;
    const settle = async (failed: boolean): Promise<LatchkeyError | undefined> => {
      if (!open) return undefined;
      open = false;
      return this.#settle(attempt, held, failed);
    };
    return {
      async failed(refusal) {
        const overrun = await settle(true);
        return passed ?? overrun ?? refusal;
      },
      async [Symbol.asyncDispose]() {
        await settle(false);
      },
    };
  }

  /**
   * Reserves under all limits in one step. A limit that only this caller may pass is left out of the next step.
   *
   * @returns the limits with a reservation, and the refusal of one that was passed
   */
  async #reserve(attempt: Attempt): Promise<{ held: Limit[]; passed: LatchkeyError | undefined }> {
    const counter = this.#parts.counters[attempt.operation];
    let held = this.#limits(attempt);
    let passed: LatchkeyError | undefined;
    for (;;) {
      const reservations = await counter.reserve(held);
      const beyond = new Set<Limit>();
      for (const [index, limit] of held.entries()) {
        const reservation = reservations[index];
        if (reservation === undefined || reservation.admitted) continue;
        const refusal = refusalOf(attempt, limit, reservation.retryAfterMs);
        if (limit.scope === "pair" || !(await this.#isKnownHere(attempt))) {
          if (reservation.exhausted && (await counter.turnAway(limit.key)))
            await this.#announce(attempt, limit.scope);
          throw refusal;
        }
        passed ??= refusal;
        beyond.add(limit);
      }
      if (beyond.size === 0) return { held, passed };
      held = held.filter((limit) => !beyond.has(limit));
    }
  }

  /**
   * Settles the reservations. A counter that cannot be reached catches up later: it must not cost the caller the
   * answer.
   */
  async #settle(
    attempt: Attempt,
    limits: readonly Limit[],
    failed: boolean,
  ): Promise<LatchkeyError | undefined> {
    const [first] = limits;
    if (first === undefined) return undefined;
    const retryAfterMs = await this.#parts.counters[attempt.operation]
      .settle(limits, failed)
      .catch(() => undefined);
    return retryAfterMs === undefined ? undefined : refusalOf(attempt, first, retryAfterMs);
  }

  #limits({ operation, caller, account }: Attempt): Limit[] {
    const rules = this.#rules[operation];
    const address = addressBucket(caller.address);
    const limit = (scope: Scope, ...names: string[]): Limit => ({
      scope,
      key: limitKey(operation, scope, ...names),
      rule: rules[scope],
    });
    if (account === undefined) return [limit("address", address)];
    const { accountSuffix } = this.#parts;
    const suffix = accountSuffix === undefined ? [] : [accountSuffix];
    const ofAccount = [
      limit("pair", account.key, address, ...suffix),
      limit("account", account.key, ...suffix),
    ];
    // A refresh with a genuine token counts for the account, one with a forged token for the address.
    return operation === "refresh" ? ofAccount : [...ofAccount, limit("address", address)];
  }

  /** Reads the sessions of unknown accounts too: a refusal must take the same time for every account. */
  async #isKnownHere({ account, caller }: Attempt): Promise<boolean> {
    if (account === undefined) return false;
    const bucket = addressBucket(caller.address);
    const opened = await this.#parts.sessions.openedFrom(account.userId ?? account.key, bucket);
    return opened && account.userId !== undefined;
  }

  async #announce({ operation, caller, account, client }: Attempt, scope: Scope): Promise<void> {
    const { audit, clock } = this.#parts;
    const about = {
      ...(account !== undefined && { subject: account.subject ?? account.key }),
      ...(client !== undefined && { client }),
      reason: scope,
    };
    await audit.record(eventOf(`${operation}.throttled`, clock(), caller, about));
  }
}

function refusalOf({ operation }: Attempt, { scope, rule }: Limit, retryAfterMs: number): LatchkeyError {
  return new LatchkeyError("rate_limited", {
    reason: `${operation} limit of the ${scope}`,
    // A clock that was set back would turn a window of minutes into a wait of hours.
    retryAfter: Math.max(1, Math.ceil(Math.min(retryAfterMs, rule.windowMs) / 1000)),
    limit: {
      policy: `${operation}-${scope}`,
      quota: rule.limit,
      windowSeconds: Math.ceil(rule.windowMs / 1000),
    },
  });
}

/** Limits of refreshes. A refresh token cannot be guessed, and many tabs and services share an address. */
function tenfold(rules: ThrottleRules): ThrottleRules {
  const times10 = ({ limit, windowMs }: Rule): Rule => ({ limit: limit * 10, windowMs });
  return { pair: times10(rules.pair), account: times10(rules.account), address: times10(rules.address) };
}
