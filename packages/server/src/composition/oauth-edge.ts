import type { Config } from "../config/config.ts";
import { assertionAlgorithms } from "../core/oauth/assertion-signature.ts";
import type { AppParts } from "../http/app.ts";
import type { LazyOAuth } from "./lazy-oauth.ts";

/** The authorization server, as the edge and its metadata need it. */
export function oauthEdge({
  config,
  issuer,
  oauth,
  local,
}: {
  readonly config: Config;
  readonly issuer: string;
  readonly oauth: LazyOAuth | undefined;
  /** Whether programs on this machine need no guard key. */
  readonly local: boolean;
}): Pick<AppParts, "oauth" | "authorizationServer"> {
  if (oauth === undefined) return { oauth: undefined, authorizationServer: undefined };
  const { registration, brokered } = oauth;
  return {
    oauth: {
      issuer,
      registration,
      brokered,
      async open() {
        const { operations, introspect, page } = await oauth.open();
        return { ...operations, introspection: { introspect, keys: config.guardKeys, local }, page };
      },
    },
    authorizationServer: {
      issuer,
      registration,
      clientDocuments: oauth.clientDocuments,
      signingAlgorithm: config.signingAlgorithm,
      assertionAlgorithms,
    },
  };
}
