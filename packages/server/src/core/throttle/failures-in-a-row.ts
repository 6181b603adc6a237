/**
 * The failures of a password since its last success, without a time after which they are forgotten (NIST SP 800-63B-4
 * §3.2.2). A password that has failed too often is refused for good: a new one takes its place.
 *
 * An attempt counts before its outcome is known, so guesses at the same time cannot exceed the limit. The count belongs
 * to one password: it begins anew with the next one.
 */
export interface FailuresInARow {
  /**
   * Counts an attempt. It writes one row for every key, so a key without an account takes the same time.
   *
   * @param key the user's id, or the text of `keyWithoutAccount`
   * @returns the attempts since the last success, this one included
   */
  begin(key: string): Promise<number>;
  /** Takes back an attempt that ended without an outcome. */
  takeBack(key: string): Promise<void>;
  /** The password was right. */
  reset(key: string): Promise<void>;
}

/** NIST's limit. The password does not work any more after so many failures. */
export const mostFailuresInARow = 100;

/** The beginning of every key without an account. No id begins like this, see `imported-user.ts`. */
export const withoutAccount = "unknown:";

/**
 * The key of a name without an account. One of 256 rows counts it, so strangers cannot fill the table, and a storm of
 * names does not wait for one row.
 */
export function keyWithoutAccount(fingerprint: string): string {
  return `${withoutAccount}${fingerprint.slice(0, 2)}`;
}
