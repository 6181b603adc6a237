import { argon2id, type Hasher } from "../../src/core/passwords/passwords.ts";

/** A real hasher. Between `hold` and `letGo`, each verification waits. */
export function heldHasher() {
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  const hasher: Hasher = {
    hash: argon2id.hash,
    async verify(...given) {
      await gate.promise;
      return argon2id.verify(...given);
    },
  };
  return {
    hasher,
    hold: () => {
      gate = Promise.withResolvers<void>();
    },
    letGo: () => gate.resolve(),
  };
}
