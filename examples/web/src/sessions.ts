import { randomBytes } from "node:crypto";
import type { AuthClient } from "@latchkey/client";

/** Sessions beyond this number push out the oldest, so that logins cannot fill the memory. */
const limit = 10_000;

/** The signed-in browsers, in memory. A browser knows only the random id of its session: the tokens stay here. */
export class Sessions {
  readonly #byId = new Map<string, AuthClient>();

  /** Keeps a signed-in client until its session ends. @returns the id for the browser's cookie */
  add(auth: AuthClient): string {
    const id = randomBytes(32).toString("base64url");
    const [oldest] = this.#byId.keys();
    if (oldest !== undefined && this.#byId.size >= limit) this.#byId.delete(oldest);
    this.#byId.set(id, auth);
    auth.onSessionEnd(() => void this.#byId.delete(id));
    return id;
  }

  get(id: string | undefined): AuthClient | undefined {
    return id === undefined ? undefined : this.#byId.get(id);
  }
}
