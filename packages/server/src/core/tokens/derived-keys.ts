import { hkdfSync } from "node:crypto";

export type DerivedKeys = ReturnType<typeof deriveKeys>;

/** Secrets in their order: the first seals, all open. */
export type Secrets = readonly [string, ...string[]];

/** The keys of all secrets. */
export interface Keyring {
  /** The keys of the first secret, which seal and sign. */
  readonly first: DerivedKeys;
  /** The keys of the other secrets, which only open. */
  readonly others: readonly DerivedKeys[];
  /**
   * The keys of all fingerprints. The first one makes new fingerprints. The order of the secrets does not change it, so
   * replicas with another order count the failures of an unknown name together.
   */
  readonly fingerprints: readonly [Buffer, ...Buffer[]];
}

/** Derives the keys of a list of secrets. */
export function deriveKeyring([firstSecret, ...otherSecrets]: Secrets): Keyring {
  const first = deriveKeys(firstSecret);
  const others = otherSecrets.map(deriveKeys);
  const [smallest = first.fingerprint, ...rest] = [first, ...others]
    .map(({ fingerprint }) => fingerprint)
    .sort(Buffer.compare);
  return { first, others, fingerprints: [smallest, ...rest] };
}

/**
 * Derives the keys from `LATCHKEY_SECRET` with HKDF-SHA256 (RFC 5869). Each has one purpose, so a key never works in
 * place of another.
 */
export function deriveKeys(secret: string) {
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync("sha256", secret, "", `latchkey/1/${purpose}`, 32));
  return {
    sealing: derive("signing-key-sealing"),
    refreshChain: derive("refresh-token-chain"),
    refreshSeal: derive("refresh-token-seal"),
    fingerprint: derive("name-fingerprint"),
    clientSeal: derive("client-id-seal"),
    clientSecret: derive("client-secret"),
    brokerSeal: derive("broker-seal"),
    knownAddress: derive("known-address"),
    idempotencySeal: derive("idempotency-seal"),
    link: derive("mail-link"),
    pseudonym: derive("erased-user"),
  };
}
