import { costProblem, foreignBounds, longestPart, scryptProblem, shortestKey } from "./foreign-bounds.ts";
import type {
  FirebaseKeys,
  ForeignHash,
  ForeignHashProblem,
  Pbkdf2Digest,
  ScryptCost,
} from "./foreign-hash.ts";

type Made = ForeignHash | ForeignHashProblem;

/** A PBKDF2 hash. @param iterations at least 1 */
export function pbkdf2Hash(digest: Pbkdf2Digest, iterations: number, salt: Buffer, key: Buffer): Made {
  const blocks = Math.ceil(key.length / digestBytes[digest]);
  const isWithin = iterations >= 1 && iterations * blocks <= foreignBounds.pbkdf2.work;
  const cost = `i=${iterations}, l=${key.length}`;
  const problem = costProblem("PBKDF2", cost, isWithin) ?? partsProblem(salt, key);
  if (problem !== undefined) return { problem };
  const text = `$pbkdf2-${digest}$i=${iterations},l=${key.length}$${shown(salt)}$${shown(key)}`;
  return { scheme: "pbkdf2", digest, iterations, salt, key, text };
}

const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;

/** A scrypt hash. */
export function scryptHash(cost: ScryptCost, salt: Buffer, key: Buffer): Made {
  const problem = scryptProblem(cost) ?? partsProblem(salt, key);
  if (problem !== undefined) return { problem };
  const text = `$scrypt$ln=${Math.log2(cost.n)},r=${cost.r},p=${cost.p}$${shown(salt)}$${shown(key)}`;
  return { scheme: "scrypt", cost, salt, key, text };
}

/** A hash of Firebase Authentication. */
export function firebaseHash(cost: ScryptCost, keys: FirebaseKeys, salt: Buffer, key: Buffer): Made {
  const { separator, signerKey } = keys;
  const problem =
    scryptProblem(cost) ??
    partsProblem(salt, key) ??
    (signerKey.length === key.length ? undefined : "the signer key is not the one of this Firebase project");
  if (problem !== undefined) return { problem };
  const project = `ss=${shown(separator, "=")},sk=${shown(signerKey, "=")}`;
  const options = `v=1,n=${Math.log2(cost.n)},r=${cost.r},p=${cost.p},${project}`;
  const text = `$fbscrypt$${options}$${shown(salt, "=")}$${shown(key, "=")}`;
  return { scheme: "firebase", cost, separator, signerKey, salt, key, text };
}

/** PBKDF2 in the forms of Kratos (also the stored form), passlib and Django. */
export function readPbkdf2(text: string): Made | undefined {
  const phc =
    /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d{1,10})(?:,l=\d{1,3})?\$([\w+/.-]+=*)\$([\w+/.-]+=*)$/.exec(
      text,
    );
  if (phc !== null) {
    const [, digest = "sha1", iterations, salt = "", key = ""] = phc;
    return pbkdf2Hash(digestOf(digest), Number(iterations), bytesIn(salt), bytesIn(key));
  }
  const django = /^pbkdf2_(sha1|sha256)\$(\d{1,10})\$([^$]+)\$([\w+/-]+=*)$/.exec(text);
  if (django === null) return undefined;
  const [, digest = "", iterations, salt = "", key = ""] = django;
  return pbkdf2Hash(digestOf(digest), Number(iterations), Buffer.from(salt), bytesIn(key));
}

function digestOf(name: string): Pbkdf2Digest {
  return name === "sha512" || name === "sha256" ? name : "sha1";
}

/** scrypt in the forms of PHC and passlib (also the stored form), Kratos and Django. */
export function readScrypt(text: string): Made | undefined {
  const phc = /^\$scrypt\$ln=(\d{1,10}),r=(\d{1,10}),p=(\d{1,10})\$([\w+/.-]+=*)\$([\w+/.-]+=*)$/.exec(text);
  if (phc !== null) {
    const [, n, r, p, salt = "", key = ""] = phc;
    return scryptHash(costOf(n, r, p), bytesIn(salt), bytesIn(key));
  }
  const django = /^scrypt\$(\d{1,10})\$([^$]+)\$(\d{1,10})\$(\d{1,10})\$([\w+/-]+=*)$/.exec(text);
  if (django === null) return undefined;
  const [, n, salt = "", r, p, key = ""] = django;
  return scryptHash({ n: Number(n), r: Number(r), p: Number(p) }, Buffer.from(salt), bytesIn(key));
}

/** Firebase's scrypt in the forms of Supabase (also the stored form) and Kratos. */
export function readFirebase(text: string): Made | undefined {
  const supabase =
    /^\$fbscrypt\$v=1,n=(\d{1,10}),r=(\d{1,10}),p=(\d{1,10}),ss=([\w+/-]+=*),sk=([\w+/-]+=*)\$([\w+/-]+=*)\$([\w+/-]+=*)$/.exec(
      text,
    );
  if (supabase !== null) {
    const [, n, r, p, separator = "", signerKey = "", salt = "", key = ""] = supabase;
    const keys = { separator: bytesIn(separator), signerKey: bytesIn(signerKey) };
    return firebaseHash(costOf(n, r, p), keys, bytesIn(salt), bytesIn(key));
  }
  const kratos =
    /^\$firescrypt\$ln=(\d{1,10}),r=(\d{1,10}),p=(\d{1,10})\$([\w+/-]+=*)\$([\w+/-]+=*)\$([\w+/-]+=*)\$([\w+/-]+=*)$/.exec(
      text,
    );
  if (kratos === null) return undefined;
  const [, n, r, p, salt = "", key = "", separator = "", signerKey = ""] = kratos;
  const keys = { separator: bytesIn(separator), signerKey: bytesIn(signerKey) };
  return firebaseHash(costOf(n, r, p), keys, bytesIn(salt), bytesIn(key));
}

/** PHC and Firebase write the logarithm of `N`, Kratos writes `N` itself. No logarithm in the bounds reaches 64. */
function costOf(n: string | undefined, r: string | undefined, p: string | undefined): ScryptCost {
  const given = Number(n);
  return { n: given < 64 ? 2 ** given : given, r: Number(r), p: Number(p) };
}

function partsProblem(salt: Buffer, key: Buffer): string | undefined {
  if (key.length < shortestKey)
    return `its key has ${key.length} bytes: fewer than ${shortestKey} would match by chance`;
  if (key.length > longestPart || salt.length > longestPart)
    return `its salt or key is longer than ${longestPart} bytes`;
  return undefined;
}

/** Base64, in its URL alphabet, or with passlib's `.` for `+`. */
function bytesIn(base64: string): Buffer {
  return Buffer.from(base64.replaceAll(".", "+"), "base64");
}

function shown(bytes: Uint8Array, padding: "" | "=" = ""): string {
  const text = Buffer.from(bytes).toString("base64");
  return padding === "=" ? text : text.replaceAll("=", "");
}
