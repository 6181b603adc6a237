import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import type { Form } from "../oauth/form-body.ts";

/**
 * Digests that compare forms without keeping them. Forms hold passwords. The key is random and stays in this process,
 * so a digest alone tests no guess of one.
 */
export class FormDigests {
  readonly #key = createSecretKey(randomBytes(32));

  /** @param owner the session, link or account that the form changes */
  of(owner: string, form: Form): string {
    const sent = JSON.stringify([owner, ...form]);
    return createHmac("sha256", this.#key).update(sent).digest("base64url");
  }
}
