import { statSync } from "node:fs";
import { passwordRulesOf } from "../composition/password-rules.ts";
import { composeUserChanges } from "../composition/user-changes.ts";
import type { Config } from "../config/config.ts";
import { assertNotLost, generatedSecrets } from "../config/secret-file.ts";
import { type AuditEvent, operator } from "../core/audit-events.ts";
import { HashQueue } from "../core/passwords/hash-queue.ts";
import { Passwords } from "../core/passwords/passwords.ts";
import { createPseudonyms } from "../core/people/erasures.ts";
import { People } from "../core/people/people.ts";
import type { UserChanges } from "../core/people/user-changes.ts";
import { deriveKeyring } from "../core/tokens/derived-keys.ts";
import type { KeyStore } from "../core/tokens/key-store.ts";
import { SigningKeys } from "../core/tokens/signing-keys.ts";
import type { DatabasePlace } from "../store/place.ts";
import { openStore, type Store } from "../store/store.ts";
import { CommandProblem } from "./failures.ts";

/** The database of a running server. The server reads the changes of a command within a second. */
export interface DatabaseAccess {
  readonly store: Store;
  readonly people: People;
  readonly userChanges: UserChanges;
  /** Opens the signing keys with the secret of the server. */
  openKeys(): Promise<SigningKeys>;
  /** Replaces the signing keys, and makes a secret if its file is lost. @returns the id of the key that signs */
  resetKeys(event: AuditEvent): Promise<string>;
}

/** Opens the database for one command, and closes it afterwards. */
export async function withDatabase(
  config: Config,
  work: (access: DatabaseAccess) => Promise<void>,
): Promise<void> {
  const place = config.database;
  assertShared(place);
  const { databasePool: connections, databaseTimeout: timeout } = config;
  const store = await openStore({
    place,
    connections,
    timeout,
    sessionLife: { idle: config.sessionIdle, max: config.sessionMax },
    owner: "command",
    replica: config.replica,
    onAudit: () => {},
  });
  const keyring = async (sealed: Pick<KeyStore, "all">) =>
    deriveKeyring(config.secret ?? (await generatedSecrets(place, sealed)));
  const keyParts = async (sealed: Pick<KeyStore, "all">) => {
    const { first, others } = await keyring(sealed);
    return {
      store: store.keys,
      sealing: first.sealing,
      otherSealing: others.map(({ sealing }) => sealing),
      algorithm: config.signingAlgorithm,
    };
  };
  try {
    const queue = new HashQueue({ concurrency: 1, maxWaiting: 0 });
    const cost = { memory: config.hashMemory, iterations: config.hashIterations, parallelism: 1 };
    const shared = {
      passwords: new Passwords(cost, queue),
      passwordRules: passwordRulesOf(config, config.issuer),
      clock: Date.now,
    };
    const userChanges = composeUserChanges({
      ...{ ...shared, config, store },
      counters: store.attemptCounters(() => performance.now()),
      // The secret is read when a user is erased, and by no other command of users.
      pseudonymOf: createPseudonyms(async () => (await keyring(store.keys)).first.pseudonym),
    });
    await work({
      store,
      userChanges,
      people: new People({ ...shared, users: store.users, changes: userChanges, by: operator }),
      async openKeys() {
        const parts = await keyParts(store.keys);
        return SigningKeys.open({ ...parts, clock: Date.now, steady: () => performance.now() });
      },
      // The keys in the database are replaced, so none of them needs a lost secret.
      resetKeys: async (event) => SigningKeys.reset(await keyParts({ all: async () => [] }), event),
    });
  } finally {
    await store.close();
  }
}

/** @throws {CommandProblem} if a server cannot use the same database */
export function assertShared(place: DatabasePlace): void {
  if (place.engine === "memory") {
    throw new CommandProblem(
      "LATCHKEY_DATABASE=:memory: is private to one process: use the file of the server",
    );
  }
  if (place.engine === "sqlite") assertNotLost(place.path);
  // This throws if the user may not read the folder: the server may run as another user.
  if (place.engine === "sqlite" && statSync(place.path, { throwIfNoEntry: false }) === undefined) {
    throw new CommandProblem(
      `no database at ${place.path}: start \`latchkey serve\` once, or name the server's file with --database; ` +
        "a demo keeps its users in memory, out of reach of other commands",
    );
  }
}

/**
 * Stops a command about data that lives in Keycloak.
 *
 * @param what the data, such as `users`
 * @param verbs the actions that Keycloak offers for it
 */
export function assertLocal(config: Config, what: string, verbs: string): void {
  if (config.provider === "local") return;
  throw new CommandProblem(
    `the ${what} are in Keycloak, in the realm ${config.keycloakRealm} at ${config.keycloakUrl}: ${verbs} there. ` +
      "This command needs LATCHKEY_PROVIDER=local",
  );
}
