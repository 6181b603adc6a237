import type { Config } from "../config/config.ts";
import { mailWay } from "../config/mail-way.ts";
import type { Clock } from "../core/clock.ts";
import type { Passwords } from "../core/passwords/passwords.ts";
import type { PasswordRules } from "../core/passwords/policy.ts";
import { createUserChanges } from "../core/people/change-users.ts";
import type { Pseudonyms } from "../core/people/erasures.ts";
import { createUserExport } from "../core/people/export-user.ts";
import type { UserChanges } from "../core/people/user-changes.ts";
import { type CountedCounters, forgetAccount } from "../core/throttle/forget-account.ts";
import type { Store } from "../store/store.ts";

/** The parts under the changes of users. */
export interface UserChangeFoundation {
  readonly config: Config;
  readonly store: Store;
  readonly passwords: Passwords;
  readonly passwordRules: PasswordRules;
  readonly clock: Clock;
  readonly counters: CountedCounters;
  readonly pseudonymOf: Pseudonyms;
  /** See `UserChangeParts`. Default: nothing to wait for, as in a command. */
  readonly refuseEnded?: () => Promise<void>;
}

/** Composes user administration, for a server and for a command. */
export function composeUserChanges({ store, ...parts }: UserChangeFoundation): UserChanges {
  const { users, userSearch, sessions, erasures, audit, userTraces: traces, events } = store;
  const { counters, pseudonymOf, clock, refuseEnded = async () => {} } = parts;
  return createUserChanges({
    ...{ users, userSearch, sessions, erasures, audit, clock, refuseEnded },
    passwords: parts.passwords,
    passwordRules: parts.passwordRules,
    notices: mailWay(parts.config) === undefined ? undefined : parts.config.mailLanguage,
    pseudonymOf,
    forgetFailures: (account) => forgetAccount(counters, account),
    exportUser: createUserExport({ traces, events, clock }),
  });
}
