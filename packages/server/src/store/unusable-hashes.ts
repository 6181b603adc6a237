import { noPassword } from "../core/passwords/foreign-hash.ts";
import { type HashParameters, readStoredHash } from "../core/passwords/stored-hash.ts";

/** A user with the stored hash. */
export interface HashRow {
  readonly username: string;
  readonly hash: string;
}

/** Rows with a hash. A user without a password has none, and the people of a realm have theirs there. */
export const hashesOf = `select id, username, password_hash as hash from users
  where removed = 0 and issuer is null and password_hash != '${noPassword}'`;

/** Names that are shown. */
const mostNames = 5;

/** Finds stored hashes that no login can check. */
export class UnusableHashes {
  readonly #current: HashParameters;
  readonly #names: string[] = [];
  #count = 0;

  constructor(current: HashParameters) {
    this.#current = current;
  }

  see({ username, hash }: HashRow): void {
    if (readStoredHash(hash, this.#current) !== undefined) return;
    this.#count++;
    if (this.#names.length < mostNames) this.#names.push(username);
  }

  /** One line with the count and the first names, if there are any. */
  get problems(): string[] {
    if (this.#count === 0) return [];
    const more = this.#count > this.#names.length ? " and others" : "";
    return [
      `${this.#count} users cannot sign in, because their stored hash cannot be checked (${this.#names.join(", ")}${more}): set their passwords with \`latchkey user passwd\``,
    ];
  }
}
