import { parse, serialize } from "hono/utils/cookie";

/**
 * The cookie of the account pages. No script reads it, and no other site can send it. With `__Host-`, no other host can
 * set it. A browser takes that name over TLS alone, so an http issuer, on this machine, has another one.
 */
export class AccountCookie {
  readonly #name: "__Host-latchkey-account" | "latchkey-account";

  /** @param issuer public URL */
  constructor(issuer: string) {
    this.#name = issuer.startsWith("https:") ? "__Host-latchkey-account" : "latchkey-account";
  }

  /** Its text in a request. @param field the header `Cookie` */
  in(field: string | undefined): string | undefined {
    return field === undefined ? undefined : parse(field, this.#name)[this.#name];
  }

  /** The header `Set-Cookie` that sets it. @param lifetime in milliseconds */
  set(text: string, lifetime: number): string {
    const maxAge = Math.floor(lifetime / 1000);
    const rules = { path: "/", httpOnly: true, sameSite: "Strict", maxAge } as const;
    return this.#name === "latchkey-account"
      ? serialize(this.#name, text, rules)
      : serialize(this.#name, text, { ...rules, secure: true });
  }

  /** The header that removes it. */
  removed(): string {
    return this.set("", 0);
  }
}
