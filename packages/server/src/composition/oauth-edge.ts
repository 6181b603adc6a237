import type { Config } from "../config/config.ts";
import { assertionAlgorithms } from "../core/oauth/assertion-signature.ts";
import type { AppParts } from "../http/app.ts";
import type { OAuth } from "./oauth.ts";

/** The authorization server, as the edge and its metadata need it. */
export function oauthEdge({
  config,
  issuer,
  oauth,
  local,
}: {
  readonly config: Config;
  readonly issuer: string;
  readonly oauth: OAuth | undefined;
  /** Whether programs on this machine need no guard key. */
  readonly local: boolean;
}): Pick<AppParts, "oauth" | "authorizationServer"> {
  if (oauth === undefined) return { oauth: undefined, authorizationServer: undefined };
  const { operations, introspect, page } = oauth;
  return {
    oauth: { ...operations, introspection: { introspect, keys: config.guardKeys, local }, page },
    authorizationServer: {
      issuer,
      registration: operations.registerClient !== undefined,
      clientDocuments: oauth.clientDocuments,
      signingAlgorithm: config.signingAlgorithm,
      assertionAlgorithms,
    },
  };
}
