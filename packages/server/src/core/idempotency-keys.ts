/** A request that creates something, under the key that its caller chose. */
export interface KeyedRequest {
  /** SHA-256 of the caller, the operation and the key. */
  readonly digest: string;
  /** A MAC of the body: the same key with another body is a mistake of the caller. */
  readonly requestDigest: string;
}

/** The first request of a key, as far as it is known. */
export interface EarlierRequest {
  readonly requestDigest: string;
  /** The sealed answer. Null while the request runs. */
  readonly answer: string | null;
}

/** Answers to creating requests, so that a repeated request creates nothing. Times are milliseconds since the epoch. */
export interface IdempotencyKeys {
  /**
   * Claims a key for one request. An expired claim or answer counts as absent.
   *
   * @param until when the claim ends, if its process ends before the answer
   * @returns the earlier request of the key. Undefined if this one has the claim now
   */
  claim(request: KeyedRequest, now: number, until: number): Promise<EarlierRequest | undefined>;
  /** Keeps the answer of the request that has the claim. */
  keep(request: KeyedRequest, answer: string, until: number): Promise<void>;
  /** Gives a claim back: the request created nothing. */
  release(request: KeyedRequest): Promise<void>;
}
