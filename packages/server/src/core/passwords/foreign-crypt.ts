import { parseOptions } from "@node-rs/argon2";
import { costProblem, foreignBounds, shortestKey } from "./foreign-bounds.ts";
import type { ForeignHash, ForeignHashProblem } from "./foreign-hash.ts";

/** Undefined for the text of another scheme. */
type Read = ForeignHash | ForeignHashProblem | undefined;

/** argon2 in the PHC form, also behind Django's prefix, which is the stored form: Latchkey's own hashes lack it. */
export function readArgon2(text: string): Read {
  const match =
    /^(?:argon2)?(\$argon2(?:id|i|d)\$(?:v=(?:16|19)\$)?m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$[A-Za-z0-9+/]{11,171}\$[A-Za-z0-9+/]{22,171})$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, phc = "", memory, passes, lanes] = match;
  const [m, t, p] = [Number(memory), Number(passes), Number(lanes)];
  const { argon2 } = foreignBounds;
  const isWithin = m <= argon2.memory && m * t <= argon2.work && p <= argon2.lanes;
  const isPossible = p >= 1 && t >= 1 && m >= 8 * p;
  const problem = costProblem("argon2", `m=${m}, t=${t}, p=${p}`, isPossible && isWithin);
  if (problem !== undefined) return { problem };
  return isArgon2(phc) ? { scheme: "argon2", phc, text: `argon2${phc}` } : undefined;
}

/** Whether the checking program can read a hash: else it would throw at a login. */
function isArgon2(phc: string): boolean {
  try {
    return parseOptions(phc).outputLen >= shortestKey;
  } catch {
    return false;
  }
}

/** bcrypt, also behind Django's prefixes `bcrypt$` and `bcrypt_sha256$`. */
export function readBcrypt(text: string): Read {
  const match = /^(bcrypt(?:_sha256)?\$)?(\$2([abxy])\$(\d\d)\$[./A-Za-z0-9]{53})$/.exec(text);
  if (match === null) return undefined;
  const [, prefix = "", phc = "", version, cost] = match;
  if (version === "x")
    return { problem: "it is a bcrypt hash of a faulty program ($2x$): reset the password" };
  const isWithin = Number(cost) >= 4 && Number(cost) <= foreignBounds.bcrypt.cost;
  const problem = costProblem("bcrypt", `${cost}`, isWithin);
  if (problem !== undefined) return { problem };
  const prehashed = prefix === "bcrypt_sha256$";
  return { scheme: "bcrypt", phc, prehashed, text: `${prehashed ? prefix : ""}${phc}` };
}

/** SHA-256-crypt and SHA-512-crypt, as in `/etc/shadow`. Kratos writes `$sha256-crypt$` and `$sha512-crypt$`. */
export function readShaCrypt(text: string): Read {
  const match =
    /^\$(?:(5|sha256-crypt)|6|sha512-crypt)\$((?:rounds=([1-9]\d{0,9})\$)?[./A-Za-z0-9]{1,16}\$([./A-Za-z0-9]{43}|[./A-Za-z0-9]{86}))$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, isSha256, rest, given = "5000", digest = ""] = match;
  if (digest.length !== (isSha256 === undefined ? 86 : 43)) return undefined;
  const rounds = Number(given);
  const isWithin = rounds >= 1000 && rounds <= foreignBounds.shaCrypt.rounds;
  const problem = costProblem("SHA-crypt", `rounds=${rounds}`, isWithin);
  if (problem !== undefined) return { problem };
  return { scheme: "sha-crypt", text: `$${isSha256 === undefined ? 6 : 5}$${rest}` };
}

/** The digits of phpass and SHA-crypt, in the order of their values. */
export const cryptDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** phpass with MD5, as WordPress (`$P$`) and phpBB (`$H$`) wrote it. */
export function readPhpass(text: string): Read {
  const match = /^\$[PH]\$([./A-Za-z0-9])[./A-Za-z0-9]{30}$/.exec(text);
  if (match === null) return undefined;
  const cost = cryptDigits.indexOf(match[1] ?? "");
  const isWithin = cost >= 7 && cost <= foreignBounds.phpass.cost;
  const problem = costProblem("phpass", `2^${cost} rounds`, isWithin);
  return problem === undefined ? { scheme: "phpass", text } : { problem };
}
