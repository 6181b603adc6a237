import { operator } from "../../src/core/audit-events.ts";
import type { Clock } from "../../src/core/clock.ts";
import { HashQueue } from "../../src/core/passwords/hash-queue.ts";
import { Passwords } from "../../src/core/passwords/passwords.ts";
import { createUserChanges } from "../../src/core/people/change-users.ts";
import { createPseudonyms } from "../../src/core/people/erasures.ts";
import { createUserExport } from "../../src/core/people/export-user.ts";
import { People } from "../../src/core/people/people.ts";
import type { UserChangeParts } from "../../src/core/people/user-change-parts.ts";
import type { UserChanges } from "../../src/core/people/user-changes.ts";
import type { Store } from "../../src/store/store.ts";
import { anyPassword } from "./any-password.ts";

const cost = { memory: 64, iterations: 1, parallelism: 1 };

/** User administration of a store, with cheap hashes and any password. */
export function userChangesOf(
  store: Store,
  { clock = Date.now, ...parts }: Partial<UserChangeParts> & { readonly clock?: Clock } = {},
): UserChanges {
  const { users, userSearch, sessions, erasures, audit, userTraces: traces, events } = store;
  return createUserChanges({
    ...{ users, userSearch, sessions, erasures, audit, clock },
    passwords: new Passwords(cost, new HashQueue({ concurrency: 1, maxWaiting: 100 })),
    passwordRules: anyPassword,
    notices: undefined,
    refuseEnded: async () => {},
    pseudonymOf: createPseudonyms(async () => Buffer.alloc(32, 1)),
    forgetFailures: async () => {},
    exportUser: createUserExport({ traces, events, clock }),
    ...parts,
  });
}

/** The operator's people of a store. */
export function peopleOf(
  store: Store,
  parts: Partial<UserChangeParts> & { readonly clock?: Clock } = {},
): People {
  const { clock = Date.now } = parts;
  const passwords = parts.passwords ?? new Passwords(cost, new HashQueue({ concurrency: 1, maxWaiting: 0 }));
  const changes = userChangesOf(store, { ...parts, passwords });
  return new People({
    ...{ users: store.users, changes, passwords, clock },
    passwordRules: anyPassword,
    by: operator,
  });
}
