import { createHmac, createSecretKey } from "node:crypto";
import type { AuditEvent } from "../audit-events.ts";

/** An erased user, in the audit trail. */
export interface Erasure {
  readonly userId: string;
  readonly pseudonym: string;
}

/**
 * Erasures from the audit trail. A removed user waits in the list for the end of the retention of
 * removed users. An erased one has a pseudonym, which `rewrite` puts into the events.
 */
export interface Erasures {
  /** Whether a removed user had this id. */
  wasGiven(id: string): Promise<boolean>;
  /** Whether a user with this id was removed, and is neither erased nor forgotten. */
  isRemoved(id: string): Promise<boolean>;
  /** Erases a user that was removed before. @returns false if it is erased already */
  begin(erasure: Erasure, event: AuditEvent): Promise<boolean>;
  /** Users that were removed before a time and are not erased, at most `most`. */
  removedBefore(time: number, most: number): Promise<readonly string[]>;
  /**
   * Replaces the ids of erased users in the audit trail, in batches of a bounded size, up to the newest event. Several
   * processes may do so concurrently, and one of them continues after the end of another.
   *
   * @param now events of requests that were in flight are still found an hour after an erasure
   */
  rewrite(now: number): Promise<void>;
  /** Forgets removed users without events in the trail. @param before the time of the oldest event that is kept */
  forgetRemovedBefore(before: number): Promise<void>;
}

/** The pseudonyms of erased users, by a key of this server: without it, nobody can tell which id it was. */
export type Pseudonyms = (userId: string) => Promise<string>;

/** An id never begins like this, see `imported-user.ts`. */
const prefix = "erased:";

/** @param key a holder of this key can test guesses */
export function createPseudonyms(key: () => Promise<Buffer>): Pseudonyms {
  return async (userId) => {
    const mac = createHmac("sha256", createSecretKey(await key()))
      .update(userId)
      .digest("base64url");
    return prefix + mac.slice(0, 22);
  };
}
