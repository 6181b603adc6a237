import { createPrivateKey, type KeyObject } from "node:crypto";
import type { Place, ServerOptions, ServerProcess } from "@latchkey/testkit/server/server-process";
import { freePort } from "@latchkey/testkit/sockets";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";
import { unseal } from "../../src/core/tokens/key-sealing.ts";
import { openStore } from "../../src/store/store.ts";

export const secret = "a secret that is long enough for this";

export const audience = "https://notes.example";
export const guardKey = "a-key-for-the-guards-of-this-test-0123456789";

/** A server at an address that stays the same when it is started again. */
export class Issuer {
  readonly url: string;
  readonly #place: Place;
  readonly #port: number;

  private constructor(place: Place, port: number) {
    this.#place = place;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async at(place: Place): Promise<Issuer> {
    return new Issuer(place, await freePort());
  }

  /** @param database a file of its own, default: the one of the place */
  start(database = this.#place.database): Promise<ServerProcess> {
    const env = {
      LATCHKEY_ISSUER: this.url,
      LATCHKEY_AUDIENCE: audience,
      LATCHKEY_SECRET: secret,
      LATCHKEY_GUARD_KEYS: guardKey,
    };
    const options: ServerOptions = { database, env, args: ["--port", String(this.#port)] };
    return this.#place.server(options);
  }

  /** The key that signs, taken from the database with the server's secret: a test makes wrong tokens with it. */
  async signingKey(): Promise<KeyObject> {
    const path = this.#place.database;
    const store = await openStore({ place: { engine: "sqlite", path }, owner: "command", onAudit: () => {} });
    const stored = await store.keys.all();
    await store.close();
    const active = stored.find(({ activatedAt, retiredAt }) => activatedAt !== null && retiredAt === null);
    const pkcs8 = active && unseal(active.sealedPrivateKey, active.kid, deriveKeys(secret).sealing);
    if (pkcs8 === undefined) throw new Error("the signing key cannot be opened");
    return createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  }
}
