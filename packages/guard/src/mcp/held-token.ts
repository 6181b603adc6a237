import type { Guard } from "../guard.ts";
import type { Principal } from "../principal.ts";
import { TokenError } from "../token-error.ts";

/**
 * A guard, or any object that verifies tokens as a guard does. Its `recall` must refuse every token that its `verify`
 * refuses. Without `recall`, the token of a call over HTTP is verified twice: before and after its body arrives.
 */
export type AnyGuard = Pick<Guard, "verify"> & Partial<Pick<Guard, "recall">>;

/** A caller with a verified token. */
export interface VerifiedCaller {
  readonly principal: Principal;
  readonly token: HeldToken;
}

interface Verification {
  readonly guard: AnyGuard;
  readonly principal: Principal;
}

let valueIn: (token: HeldToken) => unknown;
let verificationOf: (token: HeldToken) => Verification | undefined;
let takeAdmission: (token: HeldToken) => boolean;

/** Lets one call take a verified token without another check, because HTTP has no refusal for a call that has begun. */
export let admit: (token: HeldToken) => void;

/**
 * A token on its way through code of other packages. That code can compare it. Printed, serialised, cloned or logged,
 * it shows nothing. Only this module can read and verify it.
 */
export class HeldToken {
  readonly #value: unknown;
  readonly #verification: Verification | undefined;
  #admitted = false;

  static {
    valueIn = (token) => token.#value;
    verificationOf = (token) => token.#verification;
    admit = (token) => {
      token.#admitted = true;
    };
    takeAdmission = (token) => {
      const admitted = token.#admitted;
      token.#admitted = false;
      return admitted;
    };
  }

  /** @param value the value in the token's place, not always text */
  constructor(value: unknown, verification?: Verification) {
    this.#value = value;
    this.#verification = verification;
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

/**
 * Verifies a held token. If the same guard has verified it before, the guard's `recall` checks key, expiry and
 * revocation again, without a promise.
 *
 * @returns the principal, and the token with its verification
 * @throws {TokenError} if the token is refused. Any other failure of the guard refuses it too, as `keys_unavailable`.
 */
export async function verifyHeld(token: HeldToken, guard: AnyGuard): Promise<VerifiedCaller> {
  const text = textOf(token);
  const last = verificationOf(token);
  try {
    if (last?.guard === guard && guard.recall?.(text) !== undefined) {
      return { principal: last.principal, token };
    }
    const principal = await guard.verify(text);
    return { principal, token: new HeldToken(text, { guard, principal }) };
  } catch (error) {
    if (error instanceof TokenError) throw error;
    throw new TokenError("keys_unavailable", "the check failed");
  }
}

/**
 * The caller of one call. If the HTTP gate has admitted the token with the same guard, its verification counts once.
 * Code that keeps the token for a later call has it verified again.
 *
 * @throws {TokenError} as {@link verifyHeld} does
 */
export async function callerWith(token: HeldToken, guard: AnyGuard): Promise<VerifiedCaller> {
  const last = verificationOf(token);
  if (takeAdmission(token) && last?.guard === guard) return { principal: last.principal, token };
  return await verifyHeld(token, guard);
}
