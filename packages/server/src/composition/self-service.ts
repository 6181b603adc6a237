import { mailWay } from "../config/mail-way.ts";
import type { Passwords } from "../core/passwords/passwords.ts";
import type { PasswordRules } from "../core/passwords/policy.ts";
import { createSelfService } from "../core/people/create-self-service.ts";
import { LinkTokens } from "../core/people/link-tokens.ts";
import { createSelfServiceLimits } from "../core/people/self-service-limits.ts";
import type { Accounts } from "../core/stories/sign-in.ts";
import type { AttemptCounter, CountedOperation } from "../core/throttle/attempt-counter.ts";
import type { Throttle } from "../core/throttle/throttle.ts";
import type { Foundation, Keys } from "./keys.ts";

/** The parts that the self-service is composed with. */
export interface SelfServiceComposition extends Foundation {
  readonly keys: Keys;
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  readonly passwordRules: PasswordRules;
  readonly throttle: Throttle;
  readonly counters: Record<CountedOperation, AttemptCounter>;
}

/** Composes the stories of a person and the own account. */
export function composeSelfService({ config, store, keys, counters, ...parts }: SelfServiceComposition) {
  const { users, clients, links, outbox, audit } = store;
  const { keyring, revocations } = keys;
  return createSelfService({
    ...{ ...parts, users, clients, links, outbox, audit, revocations },
    linkTokens: new LinkTokens(keyring.first, ...keyring.others),
    limits: createSelfServiceLimits(counters),
    rule: config.signUp,
    mail: mailWay(config) !== undefined,
  });
}
