import { canonicalName, maxTypedName } from "../core/account-names.ts";
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
    async find(username): Promise<Account> {
      passwords.assertRoom();
      const tooLong = username.length > maxTypedName;
      const name = tooLong ? "" : canonicalName(username);
      const unknown = fingerprint(tooLong ? username : name);
      const { holder, decoy } = await users.forSignIn(name, unknown);
      return { key: holder?.id ?? `unknown:${unknown}`, holder, decoy };
    },

    async authenticate({ holder, decoy }, password, signal): Promise<Verdict> {
      const right = await passwords.verify(holder?.passwordHash, decoy, password, signal);
      if (holder === undefined) return { ok: false, reason: "unknown_user" };
      if (!right) return { ok: false, reason: reasonOf(holder) };
      if (!holder.active) return { ok: false, reason: "inactive" };
      await upgrade(holder, password, signal);
      return { ok: true, user: holder, revision: holder.revision };
    },

    byId: (userId) => users.byId(userId),
  };

  /** The one moment when the password is at hand to be hashed anew. Under load the next login will do. */
  async function upgrade(user: LocalUser, password: string, signal: AbortSignal | undefined): Promise<void> {
    if (!passwords.needsUpgrade(user.passwordHash) || !passwords.hasRoom()) return;
    await users.upgradeHash(user, await passwords.hash(password, signal));
  }
}

function reasonOf({ passwordHash }: LocalUser): VerdictReason {
  return isUsableHash(passwordHash) ? "wrong_password" : "unusable_hash";
}
