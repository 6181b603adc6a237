import { maxTypedName, nameFingerprints, nameKeys } from "../core/passwords/account-names.ts";
import type { QueuedRequester } from "../core/passwords/fair-slots.ts";
import type { Passwords } from "../core/passwords/passwords.ts";
import { type LocalUser, type Users, withoutSecrets } from "../core/people/users.ts";
import type { UserById } from "../core/stories/current-user.ts";
import type { Account, Accounts } from "../core/stories/sign-in.ts";
import {
  type FailuresInARow,
  keyWithoutAccount,
  mostFailuresInARow,
} from "../core/throttle/failures-in-a-row.ts";

/** An attempt that counts as a failure unless the password is right. */
interface Attempt extends AsyncDisposable {
  /** Whether the password has failed too often before. */
  readonly isBeyond: boolean;
  hasOutcome(): void;
}

/**
 * Accounts in Latchkey's own database.
 *
 * @param fingerprintKey makes unknown names recognisable in the audit trail without writing them down: people type
 * passwords into the wrong field
 * @param failures counts the failures of each password in a row. Without it, time alone limits guesses
 */
export function localAccounts(
  users: Users,
  passwords: Passwords,
  fingerprintKey: Buffer,
  failures?: FailuresInARow,
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
          await using attempt = await begin(holder?.id ?? keyWithoutAccount(fingerprint));
          const right = await passwords.verify(holder?.passwordHash, decoy, password, requester);
          attempt.hasOutcome();
          if (holder === undefined) return { ok: false, reason: "unknown_user" };
          if (attempt.isBeyond) return { ok: false, reason: "too_many_failures" };
          if (!right) {
            const isUsable = passwords.isUsable(holder.passwordHash);
            return { ok: false, reason: isUsable ? "wrong_password" : "unusable_hash" };
          }
          await failures?.reset(holder.id);
          if (!holder.active) return { ok: false, reason: "inactive" };
          await upgrade(holder, password, requester);
          const { revision, mustChangePassword: mustChange } = holder;
          return { ok: true, user: withoutSecrets(holder), revision, mustChange };
        },
      };
    },

    async byId(userId) {
      const user = await users.byId(userId);
      return user && withoutSecrets(user);
    },
  };

  /** Counts an attempt until its disposal, which takes it back if the hash was never checked. */
  async function begin(key: string): Promise<Attempt> {
    const attempts = (await failures?.begin(key)) ?? 0;
    let open = failures !== undefined;
    return {
      isBeyond: attempts > mostFailuresInARow,
      hasOutcome() {
        open = false;
      },
      async [Symbol.asyncDispose]() {
        if (open) await failures?.takeBack(key);
      },
    };
  }

  /** The one moment when the password is at hand to be hashed anew. Under load this waits for a later login. */
  async function upgrade(user: LocalUser, password: string, requester: QueuedRequester): Promise<void> {
    if (!passwords.needsUpgrade(user.passwordHash) || !passwords.queue.hasRoom()) return;
    await users.upgradeHash(user, await passwords.hash(password, requester));
  }
}
