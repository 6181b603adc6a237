import { kindOf } from "../../core/oauth/redirect-uris.ts";

/** The receiver of an authorization response, in words that a person can check. */
export interface RedirectTarget {
  /** `claude.ai`, `localhost:8080`, or the scheme of an application: `cursor:`. */
  readonly name: string;
  /** Whether a program on the person's own device receives it. */
  readonly isDevice: boolean;
}

/**
 * The receiver at a redirect URI. A foreign name in it is shown in Punycode, so that no letter deceives.
 *
 * @throws if the URI is not acceptable. So no page ever links to one, whatever the database says
 */
export function redirectTarget(redirectUri: string): RedirectTarget {
  const kind = kindOf(redirectUri);
  if (kind === undefined) throw new Error("the redirect URI of a client is not acceptable");
  const { protocol, host } = new URL(redirectUri);
  // The colon stays: a scheme may look like the name of a host.
  return { name: kind === "scheme" ? protocol : host, isDevice: kind !== "https" };
}
