/** A copy is fresh for at least so long, in milliseconds, whatever its host asks for. */
const shortest = 5 * 60_000;
/** A copy is fresh for at most so long. A document that lost a redirect URI is then read again. */
const longestFreshness = 24 * 3_600_000;
/** The freshness of a copy if its host names no time. */
const usual = 3_600_000;

/**
 * How long an answer may be used without a question to its host, in milliseconds (RFC 9111 §5.2.2). The cache is shared
 * by all people, so `s-maxage` counts before `max-age`.
 */
export function freshFor(headers: Readonly<Record<string, string | string[] | undefined>>): number {
  const directives = textOf(headers["cache-control"]).toLowerCase();
  if (/(^|[\s,])no-(store|cache)\b/.test(directives)) return shortest;
  const seconds = secondsOf(directives, "s-maxage") ?? secondsOf(directives, "max-age");
  if (seconds === undefined) return usual;
  const age = Number(/^\d{1,10}$/.exec(textOf(headers["age"]))?.[0] ?? 0);
  return Math.min(Math.max((seconds - age) * 1000, shortest), longestFreshness);
}

function textOf(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(", ") : (header ?? "");
}

function secondsOf(directives: string, name: string): number | undefined {
  const found = new RegExp(`(?:^|[\\s,])${name}\\s*=\\s*"?(\\d+)`).exec(directives)?.[1];
  return found === undefined ? undefined : Number(found);
}
