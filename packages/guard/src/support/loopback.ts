/** The names of this machine in a URL and in a `Host` header. */
const names = String.raw`localhost|127\.0\.0\.1|\[::1\]`;
const hostname = new RegExp(`^(?:${names})$`);
const hostHeader = new RegExp(`^(${names})(?::(\\d{1,5}))?$`, "i");
const address = new RegExp(`^(https?://)(?:${names})(?=[:/?]|$)(.*)$`);

/** Whether the host name of a URL is one of this machine's. */
export function isLoopbackName(name: string): boolean {
  return hostname.test(name);
}

/**
 * A loopback URL under the name in a request's `Host`, if that is another name of this machine at the same port. Some
 * clients require that a server calls itself by the name that they have dialled.
 *
 * @param url as configured. It is returned unchanged if it, or the `Host`, is not of this machine
 */
export function underHost(url: string, host: string | undefined): string {
  const [, scheme, rest = ""] = address.exec(url) ?? [];
  const [, name, port = ""] = hostHeader.exec(host ?? "") ?? [];
  if (scheme === undefined || name === undefined) return url;
  const named = `${scheme}${name.toLowerCase()}`;
  const dialled = `${named}:${port}`;
  return URL.canParse(dialled) && new URL(dialled).port === new URL(url).port ? named + rest : url;
}

/** Whether both URLs are the same but for the name of this machine: equal scheme, port, path and query. */
export function isSameLoopback(one: string, other: string): boolean {
  const [, scheme, rest] = address.exec(one) ?? [];
  if (scheme === undefined) return false;
  const [, otherScheme, otherRest] = address.exec(other) ?? [];
  return scheme === otherScheme && rest === otherRest;
}
