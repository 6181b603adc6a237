/** The longest redirect URI, in characters. */
export const maxRedirectUri = 512;

/** The target of a redirect URI: a web server, a program of this device, or the owner of a URI scheme. */
export type RedirectKind = "https" | "loopback" | "scheme";

/** The characters of RFC 3986 without `#`. So spaces, control characters, backslashes and letters beyond ASCII are out. */
const characters = /^[\w\-.~:/?[\]@!$&'()*+,;=%]+$/;

const loopback =
  /^(?<origin>http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?<port>:\d{1,5})?(?<rest>(?:[/?].*)?)$/;

/** The part between `//` and the path. */
const authority = /^[a-z][a-z\d+.-]*:\/\/([^/?]*)/i;

/**
 * Schemes that belong to no single application. The first line runs scripts. The second shows content that the request brings
 * along. The others read files of the device, or start programs that many devices have: a browser would open any address,
 * and an installer would offer an application. `localhost:` looks like a host.
 */
const otherSchemes: ReadonlySet<string> = new Set([
  ...["javascript", "vbscript", "livescript", "mocha", "jscript"],
  ...["data", "blob", "about", "view-source", "filesystem", "mhtml", "jar", "wyciwyg", "resource"],
  ...["file", "ftp", "ftps", "sftp", "smb", "nfs", "afp", "ldap", "ldaps", "ssh", "telnet", "git", "rdp"],
  ...["http", "https", "ws", "wss", "mailto", "tel", "sms", "callto", "sip", "sips", "vnc", "gopher"],
  ...["intent", "shell", "search-ms", "search", "res", "hcp", "help", "svn", "dav", "davs", "webdav", "feed"],
  ...["chrome", "edge", "opera", "brave", "vivaldi", "chrome-extension", "moz-extension", "devtools"],
  ...["chrome-untrusted", "microsoft-edge", "googlechrome", "googlechromes", "firefox", "firefox-focus"],
  ...["itms-services", "itms-apps", "android-app", "market", "content", "jnlp", "jnlps", "x-web-search"],
  ...["applescript", "x-man-page", "shortcuts", "urn", "localhost"],
]);

/** Handlers of Windows for its own tools. */
const ofWindows = /^ms-/;

/**
 * Whether a URI may be registered as a redirect URI: `https`, `http` on loopback (RFC 8252 §7.3), or the scheme of an
 * application (§7.1). The check reads the raw text and the parsed scheme, because a browser parses what the check read.
 */
export function isAcceptable(uri: string): boolean {
  return kindOf(uri) !== undefined;
}

/** The target of a redirect URI. @returns undefined if the URI is not acceptable */
export function kindOf(uri: string): RedirectKind | undefined {
  if (uri.length > maxRedirectUri || !characters.test(uri)) return undefined;
  const scheme = URL.parse(uri)?.protocol.slice(0, -1);
  if (scheme === undefined) return undefined;
  const host = authority.exec(uri)?.[1];
  if (host?.includes("@")) return undefined;
  // Browsers skip slashes and add missing ones: `https:host` and `https:///host` are both `https://host`.
  if (scheme === "https") return host === undefined || host === "" ? undefined : "https";
  if (scheme === "http") return loopback.test(uri) ? "loopback" : undefined;
  if (otherSchemes.has(scheme) || ofWindows.test(scheme)) return undefined;
  // `localhost:8080/callback` parses as a URI of the scheme `localhost`, and `c:/` as one of the scheme `c`.
  return /^[^:]{2,}:\//.test(uri) ? "scheme" : undefined;
}

/**
 * Whether a request may use a redirect URI. It is the registered text, or it differs in the port of a loopback address
 * alone: a program listens on a free port (RFC 8252 §7.3). Nothing is normalised.
 */
export function matches(registered: string, asked: string): boolean {
  return isAcceptable(asked) && withoutLoopbackPort(registered) === withoutLoopbackPort(asked);
}

/** A loopback redirect URI without its port. Any other text stays as it is. */
export function withoutLoopbackPort(uri: string): string {
  const { origin, rest } = loopback.exec(uri)?.groups ?? {};
  return origin === undefined || rest === undefined ? uri : origin + rest;
}
