import { createHash, createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { DerivedKeys } from "../tokens/derived-keys.ts";
import { bytesBehind, type SealKey, sealBytes, sealedWith, sealOf } from "../tokens/seals.ts";
import { type Client, longestClientId } from "./client.ts";
import { isAcceptable, withoutLoopbackPort } from "./redirect-uris.ts";

/** Methods of client authentication that a registration can choose (RFC 7591 §2). */
export const registeredMethods = ["none", "client_secret_basic", "client_secret_post"] as const;

export type RegisteredMethod = (typeof registeredMethods)[number];

/** The description that a sealed client id holds. */
export interface SealedDescription {
  readonly method: RegisteredMethod;
  readonly name: string;
  readonly redirectUris: readonly string[];
}

/** The id that a registration gives out, and the secret if the method has one. */
export interface SealedId {
  readonly id: string;
  readonly secret: string | undefined;
}

const prefix = "lkc_";
const secretPrefix = "lks_";

/** The most redirect URIs of one id. */
export const maxRedirectUris = 10;

/** The keys of one secret. */
type SecretKeys = Pick<DerivedKeys, "clientSeal" | "clientSecret">;

interface ClientKeys extends SealKey {
  readonly secret: KeyObject;
}

/**
 * Client ids that hold the description of their client, under a seal. So a registration stores nothing: a flood fills
 * no table, no restart or restore forgets a client, and all replicas know it. The same program gets the same id each
 * time, also on another loopback port. RFC 7591 §3.2.1 allows one id for many instances.
 *
 * The secret of a client is a keyed hash of its id. Every registration of the same description gets it, so it
 * proves no more than the id does. PKCE protects the codes.
 *
 * The first secret of `LATCHKEY_SECRET` seals. An id that another one has sealed is opened as well.
 */
export class SealedClients {
  readonly #first: ClientKeys;
  readonly #others: readonly ClientKeys[];

  /** @param others keys of other secrets */
  constructor(first: SecretKeys, ...others: readonly SecretKeys[]) {
    this.#first = keysOf(first);
    this.#others = others.map(keysOf);
  }

  /** Whether a text has the form of a sealed id. */
  static looksLike(id: string): boolean {
    return id.startsWith(prefix);
  }

  /**
   * The description in a whole id, by its own claim: the seal is not checked. So an operator can look at a client and
   * block it without the secret. Undefined for a text that no secret has sealed.
   */
  static claimOf(id: string): SealedDescription | undefined {
    const parts = partsOf(id);
    try {
      return parts && readDescription(parts.description);
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** Makes the id of a description. @returns undefined if the id would be longer than 1,500 characters */
  seal({ method, name, redirectUris }: SealedDescription): SealedId | undefined {
    const uris = [...new Set(redirectUris.map(withoutLoopbackPort))].sort();
    const description = Buffer.from(JSON.stringify([method, name, uris]));
    const id = prefix + Buffer.concat([sealOf(description, this.#first), description]).toString("base64url");
    if (id.length > longestClientId) return undefined;
    return { id, secret: method === "none" ? undefined : secretOf(id, this.#first) };
  }

  /** Reads an id that this Latchkey made; undefined for any other text. */
  open(id: string): Client | undefined {
    const parts = partsOf(id);
    if (parts === undefined) return undefined;
    const keys = sealedWith(parts.description, parts.seal, [this.#first, ...this.#others]);
    if (keys === undefined) return undefined;
    const description = readDescription(parts.description);
    return description && clientOf(id, description, keys);
  }
}

/** The seal of an id and the bytes under it, both unchecked. Undefined for any other text. */
function partsOf(id: string): { readonly seal: Buffer; readonly description: Buffer } | undefined {
  const bytes = id.length > longestClientId ? undefined : bytesBehind(prefix, id);
  if (bytes === undefined || bytes.length <= sealBytes) return undefined;
  return { seal: bytes.subarray(0, sealBytes), description: bytes.subarray(sealBytes) };
}

function keysOf({ clientSeal, clientSecret }: SecretKeys): ClientKeys {
  return { seal: createSecretKey(clientSeal), secret: createSecretKey(clientSecret) };
}

function secretOf(id: string, { secret }: ClientKeys): string {
  return secretPrefix + createHmac("sha256", secret).update(id).digest("base64url");
}

function clientOf(id: string, { method, name, redirectUris }: SealedDescription, keys: ClientKeys): Client {
  const hash = () => createHash("sha256").update(secretOf(id, keys)).digest("base64url");
  return {
    id,
    name,
    redirectUris,
    credentials: [method === "none" ? { kind: "none" } : { kind: "secret", hash: hash() }],
    grantTypes: ["authorization_code", "refresh_token"],
    voucher: { by: "nobody" },
  };
}

/**
 * Reads a description. An older version may have sealed a URI that this one refuses.
 *
 * @throws {SyntaxError} if it is not JSON: then no secret has sealed it
 */
function readDescription(text: Buffer): SealedDescription | undefined {
  const read: unknown = JSON.parse(text.toString());
  if (!Array.isArray(read)) return undefined;
  const [given, name, uris]: unknown[] = read;
  const method = registeredMethods.find((known) => known === given);
  if (method === undefined || typeof name !== "string" || !Array.isArray(uris)) return undefined;
  const redirectUris = uris.filter((uri) => typeof uri === "string").filter(isAcceptable);
  return redirectUris.length === 0 ? undefined : { method, name, redirectUris };
}
