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

/**
 * Checks a held token.
 *
 * @throws {TokenError} where it is no text or the guard refuses it. Whatever else goes wrong is a refusal too:
 * what the guard could not tell is no leave to go on.
 */
export async function verifyHeld(token: HeldToken, guard: Verifier): Promise<Principal> {
  try {
    return await guard.verify(textOf(token));
  } catch (error) {
    if (error instanceof TokenError) throw error;
    throw new TokenError("keys_unavailable", "the check failed");
  }
}
