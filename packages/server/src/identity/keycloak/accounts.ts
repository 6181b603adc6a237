import { canonicalName, maxTypedName } from "../../core/passwords/account-names.ts";
import { maxPasswordBytes } from "../../core/passwords/passwords.ts";
import type { RealmSessions } from "../../core/stories/realm-sessions.ts";
import type { Credentials } from "../../core/stories/sign-in.ts";

/** The account behind a typed name, as far as earlier sign-ins tell. The realm is not asked before the throttle. */
export interface RealmAccount {
  /** The user's id after an earlier sign-in under this name; otherwise `unknown:` and the fingerprint. */
  readonly key: string;
  readonly userId: string | undefined;
  readonly nameKey: string;
}

type Fingerprint = (name: string) => string;

/**
 * Finds the account behind a name.
 *
 * @param fingerprint stands for a name in the store and the audit trail: people type passwords into the wrong field
 * @param others fingerprints by other secrets. Earlier sign-ins may be on record under them
 */
export function realmAccounts(
  sessions: Pick<RealmSessions, "holderOf">,
  fingerprint: Fingerprint,
  ...others: readonly Fingerprint[]
) {
  return async (username: string): Promise<RealmAccount> => {
    const tooLong = username.length > maxTypedName;
    const name = tooLong ? username : canonicalName(username);
    const nameKey = fingerprint(name);
    const nameKeys = [nameKey, ...others.map((other) => other(name))];
    // All are read for every name, so the time of an answer does not tell whether one is known.
    const holders = await Promise.all(nameKeys.map((key) => sessions.holderOf(key)));
    const userId = holders.find((holder) => holder !== undefined);
    return { key: userId ?? `unknown:${nameKey}`, userId, nameKey };
  };
}

/**
 * The credentials to send to the realm. A name or password that no account can have is replaced by a placeholder.
 * The realm then does the same work as for any unknown name, and its database gets no odd characters.
 */
export function credentialsToSend({ username, password }: Credentials): Credentials {
  const name = username.trim();
  const impossible =
    name === "" ||
    name.length > maxTypedName ||
    /\p{Cc}/u.test(name) ||
    Buffer.byteLength(password) > maxPasswordBytes;
  return impossible ? placeholder : { username: name, password };
}

/** Keycloak allows no user name with a space in it. */
const placeholder: Credentials = { username: "nobody at all", password: "-" };
