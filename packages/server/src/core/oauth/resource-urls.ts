import { isLoopbackName } from "@latchkey/guard/loopback";
import { isLoopback } from "../throttle/addresses.ts";

/** The longest URL of a resource, in characters: it stands in every token as `aud`. */
export const longestResourceUrl = 512;

/** Scheme, authority, path and query of a URL without user, fragment, blanks or backslashes. */
const form = /^https?:\/\/[^/?#\\@]+(\/[^?#\\]*)?(\?[^#\\]*)?$/i;

/**
 * A text that is equal for all spellings of the URL of one resource: scheme and host in any case, the default port
 * named or not, one trailing slash or none, `localhost`, `127.0.0.1` and `[::1]`. Path and query count character by
 * character.
 *
 * @returns undefined for a text that names no resource: only an http(s) URL without user and fragment does
 */
export function comparableUrl(text: string): string | undefined {
  if (text.length > longestResourceUrl || /[^\x21-\x7e]/.test(text)) return undefined;
  const [match, path = "", query = ""] = form.exec(text) ?? [];
  const parsed = match === undefined ? null : URL.parse(text);
  if (parsed === null) return undefined;
  return `${comparableOrigin(parsed)}${path.replace(/\/$/, "")}${query}`;
}

/** The comparable origin of a URL that has a comparable form. */
export function comparableOriginOf(url: string): string {
  return comparableOrigin(new URL(url));
}

/** Whether a URL leads to this machine. */
export function isLoopbackUrl(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}

function comparableOrigin({ protocol, hostname, port }: URL): string {
  const host = isLoopbackName(hostname) ? "localhost" : hostname;
  return `${protocol}//${host}${port === "" ? "" : `:${port}`}`;
}
