import { maxTypedName, nameKeys } from "../core/account-names.ts";
import type { HashRequester } from "../core/hash-queue.ts";
import { nameFingerprints } from "../core/name-fingerprints.ts";
import { isUsableHash, type Passwords } from "../core/passwords.ts";
import type { Account, IdentityProvider, LocalUser, Users, Verdict, VerdictReason } from "../core/ports.ts";

/**
 * People in Latchkey's own database.
 *
 * @param fingerprintKey makes names that are nobody's recognisable in the audit trail without writing
 * them down: people type passwords into the wrong field
 */
export function localProvider(users: Users, passwords: Passwords, fingerprintKey: Buffer): IdentityProvider {
  const fingerprint = nameFingerprints(fingerprintKey);
  return {
    async find(username, { address }): Promise<Account> {
      const tooLong = username.length > maxTypedName;
      const keys = nameKeys(tooLong ? "" : username);
      const nameKey = fingerprint(tooLong ? username : keys.key);
      passwords.assertRoom({ address, account: nameKey });
      const { holder, decoy } = await users.forSignIn(keys, nameKey);
      return { key: holder?.id ?? `unknown:${nameKey}`, nameKey, holder, decoy };
    },

    async authenticate({ nameKey, holder, decoy }, password, { address, signal }): Promise<Verdict> {
      const requester = { address, account: nameKey, ...(signal && { signal }) };
      const right = await passwords.verify(holder?.passwordHash, decoy, password, requester);
      if (holder === undefined) return { ok: false, reason: "unknown_user" };
      if (!right) return { ok: false, reason: reasonOf(holder) };
      if (!holder.active) return { ok: false, reason: "inactive" };
      await upgrade(holder, password, requester);
      return { ok: true, user: holder, revision: holder.revision };
    },

    byId: (userId) => users.byId(userId),
  };

  /** The one moment when the password is at hand to be hashed anew. Under load the next login will do. */
  async function upgrade(user: LocalUser, password: string, requester: HashRequester): Promise<void> {
    if (!passwords.needsUpgrade(user.passwordHash) || !passwords.hasRoom()) return;
    await users.upgradeHash(user, await passwords.hash(password, requester));
  }
}

function reasonOf({ passwordHash }: LocalUser): VerdictReason {
  return isUsableHash(passwordHash) ? "wrong_password" : "unusable_hash";
}
