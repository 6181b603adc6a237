/** The header in which proxies name the address that a request came from. */
export type ForwardedHeader = "x-forwarded-for" | "forwarded";

/**
 * The texts in the place of addresses, from right to left: each proxy appends one. The caller checks each.
 *
 * A client may have sent the left part, so it is read last. Parsing `Forwarded` from its start would be unsafe: a quote
 * that a client left open would hide all entries behind it.
 */
export function* hopsFromRight(header: ForwardedHeader, value: string): Generator<string> {
  const nodeOf = header === "forwarded" ? forOf : unquoted;
  for (const entry of entriesFromRight(value)) yield addressIn(nodeOf(entry.trim()));
}

/** Splits at commas outside quoted strings. */
function* entriesFromRight(value: string): Generator<string> {
  let end = value.length;
  let quoted = false;
  for (let at = end - 1; at >= 0; at--) {
    if (value[at] === '"' && !(quoted && isEscaped(value, at))) quoted = !quoted;
    if (value[at] === "," && !quoted) {
      yield value.slice(at + 1, end);
      end = at;
    }
  }
  yield value.slice(0, end);
}

function isEscaped(value: string, at: number): boolean {
  let before = at;
  while (value[before - 1] === "\\") before--;
  return (at - before) % 2 === 1;
}

/** The value of `for` in an element of `Forwarded` (RFC 7239 §4). Undefined unless there is exactly one. */
function forOf(element: string): string | undefined {
  const pair = /\s*([!#$%&'*+.^_`|~\w-]+)=("(?:[^"\\]|\\.)*"|[^\s";,]*)\s*(?:;|$)/y;
  let found: string | undefined;
  while (pair.lastIndex < element.length) {
    const [, name, value = ""] = pair.exec(element) ?? [];
    if (name === undefined) return undefined;
    if (name.toLowerCase() !== "for") continue;
    if (found !== undefined) return undefined;
    found = unquoted(value);
  }
  return found;
}

function unquoted(text: string): string {
  const [, quoted] = /^"(.*)"$/s.exec(text) ?? [];
  return quoted?.replaceAll(/\\(.)/gs, "$1") ?? text;
}

/** The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. Other text stays. */
function addressIn(node = ""): string {
  const [, v6, v4] = /^(?:\[([^[\]]+)\]|([\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/.exec(node) ?? [];
  return v6 ?? v4 ?? node;
}
