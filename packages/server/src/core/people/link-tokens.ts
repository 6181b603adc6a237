import { createSecretKey, randomBytes } from "node:crypto";
import type { DerivedKeys } from "../tokens/derived-keys.ts";
import { bytesBehind, type SealKey, sealBytes, sealedWith, sealOf } from "../tokens/seals.ts";

const prefix = "lkl_";
const idBytes = 16;
const length = prefix.length + Math.ceil(((idBytes + sealBytes) * 4) / 3);

/**
 * Link tokens: the id of a link and a MAC of it. The store holds the id alone, so a reader of the store cannot open a
 * link. A forged token is refused without a read. The first secret makes tokens, and all secrets open them.
 */
export class LinkTokens {
  readonly #first: SealKey;
  readonly #all: readonly SealKey[];

  /** @param others keys of other secrets */
  constructor(first: Pick<DerivedKeys, "link">, ...others: readonly Pick<DerivedKeys, "link">[]) {
    this.#first = keyOf(first);
    this.#all = [this.#first, ...others.map(keyOf)];
  }

  /** See {@link newLinkId}. */
  newId(): string {
    return newLinkId();
  }

  /** @param id of a link */
  write(id: string): string {
    const bytes = Buffer.from(id, "base64url");
    return prefix + Buffer.concat([bytes, sealOf(bytes, this.#first)]).toString("base64url");
  }

  /** The id in a token that this Latchkey wrote; undefined for any other text. */
  read(text: string): string | undefined {
    const bytes = text.length === length ? bytesBehind(prefix, text) : undefined;
    if (bytes?.length !== idBytes + sealBytes) return undefined;
    const id = bytes.subarray(0, idBytes);
    return sealedWith(id, bytes.subarray(idBytes), this.#all) && id.toString("base64url");
  }
}

/** The id of a new link: it cannot be guessed. It needs no secret, so a command can send a link. */
export function newLinkId(): string {
  return randomBytes(idBytes).toString("base64url");
}

function keyOf({ link }: Pick<DerivedKeys, "link">): SealKey {
  return { seal: createSecretKey(link) };
}
