import type { AuditEvent } from "../audit-events.ts";

/** A signing key as it is stored: its private part is sealed. */
export interface StoredKey {
  readonly kid: string;
  /** Public JWK as JSON. */
  readonly publicJwk: string;
  readonly sealedPrivateKey: string;
  readonly createdAt: number;
  /** When it began to sign; null while it is published in advance. */
  readonly activatedAt: number | null;
  /** When it stopped signing. */
  readonly retiredAt: number | null;
  /** After this the last token that it signed has expired; null until it is retired. */
  readonly keepUntil: number | null;
}

/** Signing keys: at any time one that signs, one that is next, and retired ones that still verify. */
export interface KeyStore {
  all(): Promise<StoredKey[]>;
  /** Stores the first two keys in an empty table. Of several racing callers one gets `true`. */
  seed(active: StoredKey, next: StoredKey): Promise<boolean>;
  /**
   * Retires `active`, lets the published `next` sign in its place and stores `successor` as the new next.
   *
   * @returns false if another rotation came first
   */
  rotate(step: KeyRotation, event: AuditEvent): Promise<boolean>;
  /** Replaces all keys by two new ones, and ends every session of every user in the same step. */
  reset(active: StoredKey, next: StoredKey, event: AuditEvent): Promise<void>;
  /** Replaces sealed private keys in one change. A key that another process has sealed meanwhile stays as it is. */
  reseal(keys: readonly ResealedKey[]): Promise<void>;
}

/** A private key before and after it was sealed again. */
export interface ResealedKey {
  readonly kid: string;
  readonly from: string;
  readonly to: string;
}

export interface KeyRotation {
  readonly activeKid: string;
  readonly nextKid: string;
  readonly successor: StoredKey;
  readonly at: number;
  /** Until when the retired key must stay published. */
  readonly keepUntil: number;
}
