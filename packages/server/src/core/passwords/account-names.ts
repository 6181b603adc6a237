import { createHmac, createSecretKey } from "node:crypto";
import { domainToASCII, domainToUnicode } from "node:url";

/**
 * The longest user name or e-mail address, in UTF-16 units. A longer name is treated as unknown without being
 * normalised: normalising 16 KiB of combining marks takes a tenth of a second.
 */
export const maxTypedName = 256;

/**
 * The one spelling of a user name or e-mail address: NFKC, no surrounding space, no case. Folding goes
 * through upper case, so that `ß`, `ẞ` and `SS`, or `σ` and `ς`, meet in one spelling. A domain is in Unicode
 * (UTS 46): `xn--exmple-cua.org` and `exämple.org` are one.
 */
export function canonicalName(typed: string): string {
  let name = folded(typed);
  // Folding the Unicode form of a domain can open another mapping.
  for (let pass = 0; pass < 4; pass++) {
    const unicode = folded(withDomain(name, unicodeDomain));
    if (unicode === name) break;
    name = unicode;
  }
  return name;
}

/**
 * The key by which a display name is found, and its place in a list. Folding makes some letters eighteen times as long,
 * so the key is cut: a longer one would not fit into a cursor, and a search finds by its beginning.
 */
export function displayKeyOf(displayName: string): string {
  return canonicalName(displayName).slice(0, maxTypedName).toWellFormed();
}

/** The keys under which an account can be stored. */
export interface NameKeys {
  /** The canonical spelling. New accounts are stored under it. */
  readonly key: string;
  /** Spellings of the same name that earlier versions stored, the likelier one first. */
  readonly older: readonly [string, string];
}

/** The keys of a name. Earlier versions stored a domain as it was typed, in Unicode or in Punycode. */
export function nameKeys(typed: string): NameKeys {
  const key = canonicalName(typed);
  const asTyped = folded(typed);
  return { key, older: [asTyped, folded(withDomain(typed.normalize("NFKC").trim(), asciiDomain))] };
}

function folded(typed: string): string {
  let name = typed;
  // One pass is not always enough: folding case can open a composition, and composing can open a fold.
  for (let pass = 0; pass < 4; pass++) {
    const next = name.normalize("NFKC").trim().toUpperCase().toLowerCase();
    if (next === name) break;
    name = next;
  }
  return name;
}

function withDomain(name: string, convert: (domain: string) => string | undefined): string {
  const at = name.lastIndexOf("@");
  if (at === -1) return name;
  const domain = name.slice(at + 1);
  return `${name.slice(0, at)}@${convert(domain) ?? domain}`;
}

function unicodeDomain(domain: string): string | undefined {
  const ascii = asciiDomain(domain);
  return ascii === undefined ? undefined : domainToUnicode(ascii);
}

/**
 * The ASCII form of an internationalised domain (UTS 46, non-transitional).
 *
 * @returns undefined for other domains, and for those that cannot be converted
 */
function asciiDomain(domain: string): string | undefined {
  // Other ASCII characters would be read as the parts of a URL, and `%61` as a letter.
  if (!isInternational(domain) || /[^\P{ASCII}a-z0-9._-]/iu.test(domain)) return undefined;
  return domainToASCII(domain) || undefined;
}

function isInternational(domain: string): boolean {
  return /[^\p{ASCII}]|(^|\.)xn--/iu.test(domain);
}

/** The reason why a user name is refused; undefined if it is good. */
export function usernameProblem(username: string): string | undefined {
  const name = canonicalName(username);
  if (name === "") return "a user name must not be empty";
  if (name.length > 128) return "a user name must not be longer than 128 characters";
  if (name.includes("@")) return "a user name must not contain @: sign-in takes the e-mail address as well";
  if (/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u.test(name))
    return "a user name must not contain spaces or invisible characters";
  return undefined;
}

/** The reason why an e-mail address is refused; undefined if it is good. */
export function emailProblem(email: string): string | undefined {
  // UTS 46 drops invisible characters from a domain, so the typed spelling is checked.
  const address = folded(email);
  if (address.length > 254) return "an e-mail address must not be longer than 254 characters";
  if (/[\p{C}\p{Default_Ignorable_Code_Point}]/u.test(address)) {
    return "an e-mail address must not contain invisible characters";
  }
  if (!/^[^@\p{Z}]+@[^@\p{Z}]+$/u.test(address)) return "this is not an e-mail address";
  const domain = address.slice(address.lastIndexOf("@") + 1);
  // `example.com.` is `example.com` to a mail server: one mailbox would have two accounts.
  if (/(^|\.)(\.|$)/.test(domain.replaceAll("。", "."))) {
    return "the domain of that e-mail address must not begin or end with a dot, or have two in a row";
  }
  if (isInternational(domain) && asciiDomain(domain) === undefined) {
    return "the domain of that e-mail address is not valid";
  }
  return undefined;
}

/**
 * Makes names recognisable without writing them down: people type passwords into the wrong field.
 *
 * @param key a holder of this key can test guesses
 */
export function nameFingerprints(key: Buffer): (name: string) => string {
  const secret = createSecretKey(key);
  return (name) => createHmac("sha256", secret).update(name).digest("hex").slice(0, 16);
}
