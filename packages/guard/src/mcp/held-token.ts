import type { Guard } from "../guard.ts";
import type { Principal } from "../principal.ts";
import { TokenError } from "../token-error.ts";

/** A guard, or any object that verifies tokens as a guard does. */
export type AnyGuard = Pick<Guard, "verify">;

let valueIn: (token: HeldToken) => unknown;

/**
 * A token on its way through code of other packages. That code can compare it. Printed, serialised, cloned or logged,
 * it shows nothing. Only this module can read and verify it.
 */
export class HeldToken {
  readonly #value: unknown;

  static {
    valueIn = (token) => token.#value;
  }

  /** @param value the value in the token's place, not always text */
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

/** @throws {TokenError} `invalid_token` if it is not text, or empty */
export function textOf(token: HeldToken): string {
  const value = valueIn(token);
  if (typeof value !== "string") throw new TokenError("invalid_token", "not a text");
  if (value === "") throw new TokenError("invalid_token", "empty");
  return value;
}

/** A verification counts for this long, in milliseconds. A call after it, behind a slow body, needs another one. */
const freshFor = 1000;

interface Verification {
  readonly guard: AnyGuard;
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
export async function verifyHeld(token: HeldToken, guard: AnyGuard): Promise<Principal> {
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
export function justVerified(token: HeldToken, guard: AnyGuard): Principal | undefined {
  const last = verifications.get(token);
  if (last === undefined || last.guard !== guard) return undefined;
  return performance.now() - last.at < freshFor ? last.principal : undefined;
}
