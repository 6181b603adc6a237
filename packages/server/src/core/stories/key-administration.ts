import { eventOf, type Origin } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { KeyStore, StoredKey } from "../tokens/key-store.ts";
import { algorithmOf, type SigningAlgorithm } from "../tokens/signing-key-pair.ts";
import type { SigningKeys } from "../tokens/signing-keys.ts";

/** A signing key without its private part. Times are milliseconds since the epoch. */
export interface ListedKey
  extends Pick<StoredKey, "kid" | "createdAt" | "activatedAt" | "retiredAt" | "keepUntil"> {
  readonly state: "next" | "signs" | "retired";
  readonly algorithm: SigningAlgorithm;
}

/** The parts of the story. */
export interface KeyAdministrationParts {
  readonly store: Pick<KeyStore, "all">;
  readonly signingKeys: Pick<SigningKeys, "rotate">;
  /** The lifetime of access tokens, in milliseconds. */
  readonly tokenLifetime: number;
  readonly clock: Clock;
}

/** The administration of signing keys. */
export type KeyAdministration = ReturnType<typeof createKeyAdministration>;

/** The signing keys, for administrators. */
export function createKeyAdministration(parts: KeyAdministrationParts) {
  const { store, signingKeys, tokenLifetime, clock } = parts;
  const list = async (): Promise<ListedKey[]> => (await store.all()).map(listedKey);
  return {
    list,
    /**
     * Lets the next key sign, and makes a new next one.
     *
     * @param force rotates also while a cache may lack the next key. Verifiers behind it then refuse valid tokens
     * @throws {LatchkeyError} `rotation_too_early`, `conflict` if another process rotated first
     */
    async rotate(force: boolean, by: Origin): Promise<ListedKey[]> {
      const event = eventOf("key.rotated", clock(), by, { reason: "administrator" });
      const rotation = await signingKeys.rotate(tokenLifetime, event, force);
      if (rotation.outcome === "overtaken") throw new LatchkeyError("conflict");
      if (rotation.outcome === "too early") {
        const retryAfter = Math.max(1, Math.ceil((rotation.from - clock()) / 1000));
        throw new LatchkeyError("rotation_too_early", { retryAfter });
      }
      return list();
    },
  };
}

/** A key without its private part. */
export function listedKey({
  kid,
  publicJwk,
  createdAt,
  activatedAt,
  retiredAt,
  keepUntil,
}: StoredKey): ListedKey {
  const state = activatedAt === null ? "next" : retiredAt === null ? "signs" : "retired";
  const algorithm = algorithmOf(JSON.parse(publicJwk));
  return { kid, state, algorithm, createdAt, activatedAt, retiredAt, keepUntil };
}
