import { isLoopback } from "../../core/throttle/addresses.ts";

/** The receiver of an authorization response, in words that a person can check. */
export interface RedirectTarget {
  /** `claude.ai`, `localhost:8080`, or the scheme of an application: `cursor:`. */
  readonly name: string;
  /** Whether a program on the person's own device receives it. */
  readonly isDevice: boolean;
}

/** @param redirectUri as a client registered it. A foreign name in it is shown in Punycode, so that no letter deceives */
export function redirectTarget(redirectUri: string): RedirectTarget {
  const { protocol, hostname, host } = new URL(redirectUri);
  // The colon stays: a scheme may look like the name of a host.
  if (protocol !== "https:" && protocol !== "http:") return { name: protocol, isDevice: true };
  return { name: host, isDevice: isLoopback(hostname) };
}
