import { canonicalName, maxTypedName } from "../core/account-names.ts";
import { nameFingerprints } from "../core/name-fingerprints.ts";
import type { Passwords } from "../core/passwords.ts";
import type { Account, IdentityProvider, LocalUser, Users, Verdict } from "../core/ports.ts";

/**
 * People in Latchkey's own database.
 *
 * @param fingerprintKey makes names that are nobody's recognisable in the audit trail without writing
 * them down: people type passwords into the wrong field
 */
export function localProvider(users: Users, passwords: Passwords, fingerprintKey: Buffer): IdentityProvider {
  const fingerprint = nameFingerprints(fingerprintKey);
  return {
    async find(username): Promise<Account> {
      passwords.assertRoom();
      if (username.length > maxTypedName) return nobody(fingerprint(username));
      const name = canonicalName(username);
      const holder = await users.byName(name);
      return holder === undefined ? nobody(fingerprint(name)) : { key: holder.id, holder };
    },

    async authenticate({ key, holder }, password, signal): Promise<Verdict> {
      const decoy = await users.someHash(key);
      const right = await passwords.verify(holder?.passwordHash, decoy, password, signal);
      if (holder === undefined) return { ok: false, reason: "unknown_user" };
      if (!right) return { ok: false, reason: "wrong_password" };
      if (!holder.active) return { ok: false, reason: "inactive" };
      await upgrade(holder, password, signal);
      return { ok: true, user: holder, revision: holder.revision };
    },

    byId: (userId) => users.byId(userId),
  };

  function nobody(name: string): Account {
    return { key: `unknown:${name}`, holder: undefined };
  }

  /** The one moment when the password is at hand to be hashed anew. Under load the next login will do. */
  async function upgrade(user: LocalUser, password: string, signal: AbortSignal | undefined): Promise<void> {
    if (!passwords.needsUpgrade(user.passwordHash) || !passwords.hasRoom()) return;
    await users.upgradeHash(user, await passwords.hash(password, signal));
  }
}
