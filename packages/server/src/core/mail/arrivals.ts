import { createHmac, createSecretKey } from "node:crypto";
import type { Caller } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import type { User } from "../people/users.ts";
import { addressBucket } from "../throttle/addresses.ts";
import type { DerivedKeys } from "../tokens/derived-keys.ts";
import { isAtLocalhost } from "./local-address.ts";
import type { MailLanguage } from "./mail-kinds.ts";
import type { NewMail } from "./outbox.ts";

/** An address that a user has signed in from. */
export interface KnownAddress {
  /** A keyed digest of the user and the address, so that the table names no address. */
  readonly digest: string;
  /** Milliseconds since the epoch. */
  readonly lastSeenAt: number;
}

/** The table of known addresses. */
export interface KnownAddresses {
  /** The addresses of a user, fifty at most. */
  of(userId: string): Promise<readonly KnownAddress[]>;
}

/** The address of a sign-in, for the change that opens the session. */
export interface Arrival extends KnownAddress {
  readonly userId: string;
  /** The notice of a new address; empty for a known one. */
  readonly mails: readonly NewMail[];
}

/** The parts of the record of sign-ins. */
export interface ArrivalParts {
  readonly knownAddresses: KnownAddresses;
  /** The keys of all secrets. New digests are made with the first one. */
  readonly keys: readonly [Pick<DerivedKeys, "knownAddress">, ...Pick<DerivedKeys, "knownAddress">[]];
  readonly language: MailLanguage;
  readonly clock: Clock;
}

/** @returns undefined if nothing is to be written */
export type ArrivalOf = (user: Pick<User, "id" | "email">, caller: Caller) => Promise<Arrival | undefined>;

/** A known address is written again after this time, in milliseconds: most sign-ins write nothing. */
const freshFor = 86_400_000;

/**
 * Tells users of sign-ins from addresses that they have never used before. The first address of a user causes no notice.
 * Addresses are compared as the throttle does: an IPv6 address by its /64.
 */
export function createArrivals({ knownAddresses, keys, language, clock }: ArrivalParts): ArrivalOf {
  const [first, ...others] = keys.map(({ knownAddress }) => createSecretKey(knownAddress));
  if (first === undefined) throw new Error("no key of known addresses");

  return async function arrivalOf({ id: userId, email }, { address }) {
    const at = clock();
    const name = `${userId}\n${addressBucket(address)}`;
    const digest = createHmac("sha256", first).update(name).digest("base64url");
    const spellings = [
      digest,
      ...others.map((key) => createHmac("sha256", key).update(name).digest("base64url")),
    ];
    const known = await knownAddresses.of(userId);
    const found = known.find((one) => spellings.includes(one.digest));
    if (found?.digest === digest && at - found.lastSeenAt < freshFor && at >= found.lastSeenAt)
      return undefined;
    const isNews = found === undefined && known.length > 0 && !isAtLocalhost(email);
    const notice = { content: { kind: "new_address", at, address }, recipient: email } as const;
    const mail: NewMail = { ...notice, userId, linkId: null, language, createdAt: at };
    return { userId, digest, lastSeenAt: at, mails: isNews ? [mail] : [] };
  };
}
