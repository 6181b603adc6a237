import { createHmac, timingSafeEqual } from "node:crypto";
import type { DerivedKeys } from "./derived-keys.ts";

/** The keys of one secret. */
type SecretKeys = Pick<DerivedKeys, "accountCookie">;

const form = /^([\w-]{22})\.(\d{1,15})\.([\w-]{43})$/;

/**
 * The text of the cookie that opens the account pages: `<session id>.<expiry>.<MAC>`. No endpoint of the API takes it, because
 * every port of a host gets its cookies.
 *
 * The first secret makes texts. A text that another secret has made is read as well.
 */
export class AccountCookies {
  readonly #first: SecretKeys;
  readonly #all: readonly SecretKeys[];

  /** @param others keys of other secrets */
  constructor(first: SecretKeys, ...others: readonly SecretKeys[]) {
    this.#first = first;
    this.#all = [first, ...others];
  }

  /** @param expiresAt milliseconds since the epoch */
  write(sessionId: string, expiresAt: number): string {
    const signed = `${sessionId}.${expiresAt}`;
    return `${signed}.${macOf(signed, this.#first)}`;
  }

  /** The session of a text that this Latchkey wrote and that has not expired. Undefined for any other text. */
  read(text: string, now: number): string | undefined {
    const [, sessionId, expiry, given] = form.exec(text) ?? [];
    if (sessionId === undefined || expiry === undefined || given === undefined) return undefined;
    const signed = `${sessionId}.${expiry}`;
    const genuine = this.#all.some((keys) =>
      timingSafeEqual(Buffer.from(macOf(signed, keys)), Buffer.from(given)),
    );
    return genuine && now < Number(expiry) ? sessionId : undefined;
  }
}

function macOf(signed: string, { accountCookie }: SecretKeys): string {
  return createHmac("sha256", accountCookie).update(signed).digest("base64url");
}
