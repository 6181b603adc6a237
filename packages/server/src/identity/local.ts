import { maxTypedName, nameFingerprints, nameKeys } from "../core/passwords/account-names.ts";
import type { HashRequester } from "../core/passwords/hash-queue.ts";
import type { Passwords } from "../core/passwords/passwords.ts";
import { type LocalUser, type Users, withoutSecrets } from "../core/people/users.ts";
import type { UserById } from "../core/stories/current-user.ts";
import type { Account, Accounts } from "../core/stories/sign-in.ts";

/**
 * Accounts in Latchkey's own database.
 *
 * @param fingerprintKey makes unknown names recognisable in the audit trail without writing them down: people type
 * passwords into the wrong field
 */
export function localAccounts(
  users: Users,
  passwords: Passwords,
  fingerprintKey: Buffer,
): Accounts & UserById {
  const fingerprint = nameFingerprints(fingerprintKey);
  return {
    nameOf(username) {
      const tooLong = username.length > maxTypedName;
      const keys = nameKeys(tooLong ? "" : username);
      return { ...keys, fingerprint: fingerprint(tooLong ? username : keys.key) };
    },

    assertRoom(name, caller) {
      passwords.queue.assertRoom({ ...caller, account: name.fingerprint });
    },

    async find({ fingerprint, ...keys }): Promise<Account> {
      const { holder, decoy } = await users.forSignIn(keys, fingerprint);
      return {
        key: holder?.id ?? `unknown:${fingerprint}`,
        userId: holder?.id,
        async checkPassword(password, caller) {
          const requester = { ...caller, account: fingerprint };
          const right = await passwords.verify(holder?.passwordHash, decoy, password, requester);
          if (holder === undefined) return { ok: false, reason: "unknown_user" };
          if (!right) {
            const isUsable = passwords.isUsable(holder.passwordHash);
            return { ok: false, reason: isUsable ? "wrong_password" : "unusable_hash" };
          }
          if (!holder.active) return { ok: false, reason: "inactive" };
          await upgrade(holder, password, requester);
          return { ok: true, user: withoutSecrets(holder), revision: holder.revision };
        },
      };
    },

    async byId(userId) {
      const user = await users.byId(userId);
      return user && withoutSecrets(user);
    },
  };

  /** The one moment when the password is at hand to be hashed anew. Under load this waits for a later login. */
  async function upgrade(user: LocalUser, password: string, requester: HashRequester): Promise<void> {
    if (!passwords.needsUpgrade(user.passwordHash) || !passwords.queue.hasRoom()) return;
    await users.upgradeHash(user, await passwords.hash(password, requester));
  }
}
