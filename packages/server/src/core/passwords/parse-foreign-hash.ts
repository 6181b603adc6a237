import { readArgon2, readBcrypt, readPhpass, readShaCrypt } from "./foreign-crypt.ts";
import { readFirebase, readPbkdf2, readScrypt } from "./foreign-derivation.ts";
import type { ForeignHash, ForeignHashProblem } from "./foreign-hash.ts";

/** The longest text of a hash. Firebase's is the longest: it has the signer key inside. */
const maxHashText = 1024;

const readers = [
  readArgon2,
  readBcrypt,
  readScrypt,
  readFirebase,
  readPbkdf2,
  readShaCrypt,
  readPhpass,
] as const;

/**
 * Reads the text of a hash: argon2, bcrypt, scrypt, Firebase's scrypt, PBKDF2, SHA-crypt or phpass, in the forms of
 * PHC, passlib, Django, Kratos and Supabase. A cost beyond the bounds is a problem: it would stop the server.
 */
export function parseForeignHash(text: string): ForeignHash | ForeignHashProblem {
  if (text.length <= maxHashText) {
    for (const read of readers) {
      const hash = read(text);
      if (hash !== undefined) return hash;
    }
  }
  return { problem: "its form is not known: docs/migrate.md names the forms that are" };
}
