import { canonicalName, maxTypedName } from "../../core/account-names.ts";
import { maxPasswordBytes } from "../../core/passwords.ts";
import type { RealmSessions } from "../../core/realm-sessions.ts";

/** What a typed name stands for, as far as that is known here: the realm is not asked who it has. */
export interface RealmAccount {
  /** The user's id where somebody signed in under this name before; else what tells the name from others. */
  readonly key: string;
  readonly userId: string | undefined;
  readonly nameKey: string;
}

/** Finds the account behind a name. Names that are nobody's are not written down. */
export function realmAccounts(sessions: RealmSessions, fingerprint: (name: string) => string) {
  return async (username: string): Promise<RealmAccount> => {
    const tooLong = username.length > maxTypedName;
    const nameKey = fingerprint(tooLong ? username : canonicalName(username));
    const userId = await sessions.holderOf(nameKey);
    return { key: userId ?? `unknown:${nameKey}`, userId, nameKey };
  };
}

/** A name and a password as the realm is asked for them. */
export interface Typed {
  readonly username: string;
  readonly password: string;
}

/**
 * What is put to the realm. A name or password that can be nobody's is replaced by one that is nobody's, so that
 * the realm does the same work and nothing odd reaches its database.
 */
export function asked({ username, password }: Typed): Typed {
  const name = username.trim();
  const impossible =
    name === "" ||
    name.length > maxTypedName ||
    /\p{Cc}/u.test(name) ||
    Buffer.byteLength(password) > maxPasswordBytes;
  return impossible ? nobody : { username: name, password };
}

/** Keycloak gives no name with a space in it, and would not keep this one. */
const nobody: Typed = { username: "nobody at all", password: "-" };
