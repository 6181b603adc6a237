import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { jwtPart, type Tokens } from "@latchkey/testkit/server/auth-calls";

type Part = Readonly<Record<string, unknown>>;
type Signer = (signed: string) => Buffer;

const encode = (part: Part) => Buffer.from(JSON.stringify(part)).toString("base64url");
const es256 =
  (key: KeyObject): Signer =>
  (signed) =>
    sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });

/**
 * Tokens that a verifier must refuse, each with one fault. All but the last group are signed with the server's own
 * key.
 *
 * @param own the server's signing key
 */
export function wrongTokens(good: Tokens, own: KeyObject): ReadonlyMap<string, string> {
  const header = jwtPart(good.access, "header");
  const claims = jwtPart(good.access, "claims");
  const [head = "", body = "", signature = ""] = good.access.split(".");
  const { privateKey: stranger } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const made = (changes: { header?: Part; claims?: Part }, signer = es256(own)) => {
    const signed = `${encode({ ...header, ...changes.header })}.${encode({ ...claims, ...changes.claims })}`;
    return `${signed}.${signer(signed).toString("base64url")}`;
  };
  const publicKey = createPublicKey(own);
  const pem = publicKey.export({ format: "pem", type: "spki" });
  const spki = publicKey.export({ format: "der", type: "spki" });
  const hmac =
    (key: string | Buffer): Signer =>
    (signed) =>
      createHmac("sha256", key).update(signed).digest();
  const past = Math.floor(Date.now() / 1000) - 90;
  const jwk = createPublicKey(stranger).export({ format: "jwk" });
  const flipped = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;

  return new Map([
    ["for another audience", made({ claims: { aud: "https://mail.example" } })],
    ["for several other audiences", made({ claims: { aud: ["https://mail.example", "https://a.example"] } })],
    ["without an audience", made({ claims: { aud: undefined } })],
    ["of another issuer", made({ claims: { iss: "https://login.example" } })],
    ["of the issuer with a slash", made({ claims: { iss: `${claims["iss"]}/` } })],
    ["without an issuer", made({ claims: { iss: undefined } })],
    ["that has expired", made({ claims: { exp: past, iat: past - 3600 } })],
    ["without an expiry", made({ claims: { exp: undefined } })],
    ["without a session", made({ claims: { sid: undefined } })],
    ["that is an id token", made({ header: { typ: "JWT" } })],
    ["without a type", made({ header: { typ: undefined } })],
    ["that is a logout token", made({ header: { typ: "logout+jwt" } })],
    ["that is a refresh token", good.refresh],
    ["with an extension that it calls critical", made({ header: { crit: ["x"], x: 1 } })],

    ["without a signature, by the algorithm none", `${encode({ ...header, alg: "none" })}.${body}.`],
    ["of the algorithm none, with a signature", made({ header: { alg: "none" } })],
    ["of HS256 with the public key as PEM", made({ header: { alg: "HS256" } }, hmac(pem))],
    ["of HS256 with the public key as DER", made({ header: { alg: "HS256" } }, hmac(spki))],
    ["with a changed signature", `${head}.${body}.${flipped}`],
    ["with an empty signature", `${head}.${body}.`],
    ["with changed claims", `${head}.${encode({ ...claims, sub: "user:eve" })}.${signature}`],
    ["of another signer", made({}, es256(stranger))],
    ["of another signer with its own kid", made({ header: { kid: "stranger" } }, es256(stranger))],
    ["of another signer without a kid", made({ header: { kid: undefined } }, es256(stranger))],
    ["of another signer with its key", made({ header: { jwk } }, es256(stranger))],
    ["of one part", "token"],
    ["of three empty parts", ".."],
    ["with a header that is not JSON", `e30x.${body}.${signature}`],
  ]);
}
