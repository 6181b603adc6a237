import type { Resource } from "./resources.ts";

/** Scopes of every resource: they name the claims about a person that each token holds. */
const profileScopes: readonly string[] = ["profile", "email"];

/** Scopes of OpenID Connect without an effect: ID tokens are not given out, and every client may refresh. */
const withoutEffect: ReadonlySet<string> = new Set(["openid", "offline_access"]);

/** A scope token (RFC 6749 §3.3) of at most 100 characters. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/;

/** The most characters of a scope: it stands in every token. */
export const longestScope = 1024;

/** A scope that may be granted, and the words of the request that were dropped. */
export interface AllowedScope {
  /** Separated by spaces. Never empty. */
  readonly scope: string;
  readonly dropped: readonly string[];
}

/** Whether a text is one scope token that a resource can be registered with. */
export function isScope(text: string): boolean {
  return scopeToken.test(text) && !withoutEffect.has(text);
}

/** The scope tokens of a parameter, each once. Clients separate them by any blanks, also at the edges. */
export function readScopes(text: string): string[] {
  return wordsOf(text).filter((word) => scopeToken.test(word));
}

/** The words of a parameter, each once, also those that are no scope tokens. */
function wordsOf(text: string): string[] {
  return [...new Set(text.split(/\s+/))].filter((word) => word !== "");
}

/**
 * Whether a request names scopes, and the resource has none of them. To offer all of its scopes then would answer a
 * misspelt scope with every power.
 *
 * @param asked the parameter `scope`
 */
export function asksUnknownAlone(asked: string | undefined, resource: Resource): boolean {
  const words = wordsOf(asked ?? "").filter((word) => !withoutEffect.has(word));
  return words.length > 0 && !words.some((word) => isKnown(word, resource));
}

/**
 * The scope that a person is asked about. Unknown words are dropped: several clients always send some.
 *
 * @param asked the parameter `scope`
 * @returns all scopes of the resource, if no known one was asked for
 */
export function allowedScopes(asked: string | undefined, resource: Resource): AllowedScope {
  const words = readScopes(asked ?? "");
  const kept = fitting(words.filter((word) => isKnown(word, resource)));
  const scope = kept.length > 0 ? kept : fitting([...new Set([...profileScopes, ...resource.scopes])]);
  return { scope: scope.join(" "), dropped: words.filter((word) => !kept.includes(word)) };
}

/**
 * The scope of one refresh: as wide as what was granted, or narrower. Words that the resource does not know are
 * dropped here too, because clients repeat their whole request.
 *
 * @returns undefined if a known scope was asked for that was not granted, or unknown ones alone at a resource that
 * refuses them
 */
export function narrowed(granted: string, asked: string | undefined, resource: Resource): string | undefined {
  const held = new Set(readScopes(granted));
  const words = readScopes(asked ?? "").filter((word) => held.has(word) || isKnown(word, resource));
  if (words.some((word) => !held.has(word))) return undefined;
  if (words.length === 0 && resource.refusesUnknownScopes && asksUnknownAlone(asked, resource))
    return undefined;
  return words.length > 0 ? words.join(" ") : granted;
}

/**
 * The scope of a token that a machine gets for itself: of the scopes that the operator gave it, those of the resource.
 * A machine is nobody's profile, so it has no scope of one.
 *
 * @returns no scope if the machine asked for a scope of the resource that it does not hold, or for unknown ones alone:
 * nobody is asked about the scopes that would be granted instead
 */
export function machineScope(
  held: string,
  asked: string | undefined,
  resource: Resource,
): { readonly scope: string | undefined; readonly dropped: readonly string[] } {
  const [kept, dropped] = partition(readScopes(held), (word) => isKnown(word, resource));
  const words = wordsOf(asked ?? "").filter((word) => !profileScopes.includes(word));
  const strict: Resource = { ...resource, refusesUnknownScopes: true };
  return { scope: narrowed(kept.join(" "), words.join(" "), strict), dropped };
}

function partition(words: readonly string[], fits: (word: string) => boolean): [string[], string[]] {
  return [words.filter(fits), words.filter((word) => !fits(word))];
}

function isKnown(word: string, { scopes, anyScope }: Resource): boolean {
  if (profileScopes.includes(word) || scopes.includes(word)) return true;
  return anyScope === true && !withoutEffect.has(word);
}

/** As many words from the front as fit into a token. */
function fitting(words: readonly string[]): string[] {
  let length = -1;
  return words.filter((word) => {
    length += word.length + 1;
    return length <= longestScope;
  });
}
