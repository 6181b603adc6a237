import type { Guard } from "../guard.ts";
import type { Principal } from "../principal.ts";
import { TokenError } from "../token-error.ts";

/** What checks a token: a guard, or whatever refuses as a guard does. */
export type Verifier = Pick<Guard, "verify">;

let valueIn: (token: HeldToken) => unknown;

/**
 * A token on its way through somebody else's code. Who has it can compare it, and nothing else: printed,
 * serialised, cloned or logged, it shows nothing. What checks it is in this module, out of their reach.
 */
export class HeldToken {
  readonly #value: unknown;

  static {
    valueIn = (token) => token.#value;
  }

  /** @param value what stood where a token is expected: not always text */
  constructor(value: unknown) {
    this.#value = value;
  }

  /** Whether both are the same text. */
  matches(other: HeldToken): boolean {
    return typeof this.#value === "string" && this.#value === other.#value;
  }

  toJSON(): undefined {
    return undefined;
  }

  toString(): string {
    return "[token]";
  }
}

/** @throws {TokenError} `invalid_token` where it is no text, or an empty one */
export function textOf(token: HeldToken): string {
  const value = valueIn(token);
  if (typeof value !== "string") throw new TokenError("invalid_token", "not a text");
  if (value === "") throw new TokenError("invalid_token", "empty");
  return value;
}

/** A verification counts for this long, in milliseconds. A call after it, behind a slow body, needs another one. */
const freshFor = 1000;

interface Verification {
  readonly guard: Verifier;
  readonly principal: Principal;
  /** On the clock of `performance.now`. */
  readonly at: number;
}

/** The last verification of each held token. */
const verifications = new WeakMap<HeldToken, Verification>();

/**
 * Verifies a held token.
 *
 * @throws {TokenError} if the token is refused. Any other failure of the guard refuses it too, as `keys_unavailable`.
 */
export async function verifyHeld(token: HeldToken, guard: Verifier): Promise<Principal> {
  const text = textOf(token);
  try {
    const at = performance.now();
    const principal = await guard.verify(text);
    verifications.set(token, { guard, principal, at });
    return principal;
  } catch (error) {
    if (error instanceof TokenError) throw error;
    throw new TokenError("keys_unavailable", "the check failed");
  }
}

/** The principal of a held token, if the same guard verified this object within the last second. */
export function justVerified(token: HeldToken, guard: Verifier): Principal | undefined {
  const last = verifications.get(token);
  if (last === undefined || last.guard !== guard) return undefined;
  return performance.now() - last.at < freshFor ? last.principal : undefined;
}
