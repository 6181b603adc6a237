import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from "node:crypto";
import type { DerivedKeys } from "../tokens/derived-keys.ts";

const prefix = "lkl_";
const idBytes = 16;
const macBytes = 16;
const length = prefix.length + Math.ceil(((idBytes + macBytes) * 4) / 3);

/**
 * Link tokens: the id of a link and a MAC of it. The store holds the id alone, so a reader of the store cannot open a
 * link. A forged token is refused without a read. The first secret makes tokens, and all secrets open them.
 */
export class LinkTokens {
  readonly #first: KeyObject;
  readonly #all: readonly KeyObject[];

  /** @param others keys of other secrets */
  constructor(first: Pick<DerivedKeys, "link">, ...others: readonly Pick<DerivedKeys, "link">[]) {
    this.#first = createSecretKey(first.link);
    this.#all = [this.#first, ...others.map(({ link }) => createSecretKey(link))];
  }

  /** See {@link newLinkId}. */
  newId(): string {
    return newLinkId();
  }

  /** @param id of a link */
  write(id: string): string {
    const bytes = Buffer.from(id, "base64url");
    return prefix + Buffer.concat([bytes, macOf(bytes, this.#first)]).toString("base64url");
  }

  /** The id in a token that this Latchkey wrote; undefined for any other text. */
  read(text: string): string | undefined {
    if (text.length !== length || !text.startsWith(prefix)) return undefined;
    const encoded = text.slice(prefix.length);
    const bytes = Buffer.from(encoded, "base64url");
    // Base64 has several spellings of the same bytes, and one of them is genuine.
    if (bytes.length !== idBytes + macBytes || bytes.toString("base64url") !== encoded) return undefined;
    const id = bytes.subarray(0, idBytes);
    const mac = bytes.subarray(idBytes);
    const genuine = this.#all.some((key) => timingSafeEqual(macOf(id, key), mac));
    return genuine ? id.toString("base64url") : undefined;
  }
}

/** The id of a new link: it cannot be guessed. It needs no secret, so a command can send a link. */
export function newLinkId(): string {
  return randomBytes(idBytes).toString("base64url");
}

function macOf(id: Buffer, key: KeyObject): Buffer {
  return createHmac("sha256", key).update(id).digest().subarray(0, macBytes);
}
