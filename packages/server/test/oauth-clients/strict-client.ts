import * as oauth from "oauth4webapi";

/** Plain HTTP, which the library allows for tests on this machine alone. Everything else stays strict. */
export const onThisMachine = { [oauth.allowInsecureRequests]: true };

/** Reads the metadata of an issuer. @param algorithm the well-known address to ask */
export async function discover(
  issuer: string,
  algorithm: "oidc" | "oauth2" = "oauth2",
): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  const answer = await oauth.discoveryRequest(url, { algorithm, ...onThisMachine });
  return oauth.processDiscoveryResponse(url, answer);
}

/** A client and the way in which it proves its identity. */
export interface Credentials {
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
}

/** An authorization request that awaits its response. */
export interface Pending {
  readonly address: string;
  /** Trades the code in an authorization response. @throws if the library finds a fault in any answer */
  finish(response: string): Promise<oauth.TokenEndpointResponse>;
}

/** Begins the authorization code grant with PKCE. */
export async function begin(
  server: oauth.AuthorizationServer,
  { client, authentication }: Credentials,
  asked: { readonly redirectUri: string; readonly resource: string; readonly scope?: string },
): Promise<Pending> {
  const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
  const address = new URL(server.authorization_endpoint ?? "");
  address.search = String(
    new URLSearchParams({
      response_type: "code",
      client_id: client.client_id,
      redirect_uri: asked.redirectUri,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      resource: asked.resource,
      ...(asked.scope !== undefined && { scope: asked.scope }),
    }),
  );
  return {
    address: address.href,
    async finish(response) {
      const parameters = oauth.validateAuthResponse(server, client, new URL(response), state);
      const answer = await oauth.authorizationCodeGrantRequest(
        ...[server, client, authentication, parameters, asked.redirectUri, verifier],
        { additionalParameters: { resource: asked.resource }, ...onThisMachine },
      );
      return oauth.processAuthorizationCodeResponse(server, client, answer);
    },
  };
}

/** Trades a refresh token. */
export async function refreshed(
  server: oauth.AuthorizationServer,
  { client, authentication }: Credentials,
  refreshToken: string,
): Promise<oauth.TokenEndpointResponse> {
  const answer = await oauth.refreshTokenGrantRequest(
    ...[server, client, authentication, refreshToken],
    onThisMachine,
  );
  return oauth.processRefreshTokenResponse(server, client, answer);
}

/** The claims of a token for a resource, checked with the keys of the issuer by the rules of RFC 9068. */
export function claimsOf(
  server: oauth.AuthorizationServer,
  accessToken: string,
  resource: string,
): Promise<oauth.JWTAccessTokenClaims> {
  const request = new Request(resource, { headers: { authorization: `Bearer ${accessToken}` } });
  return oauth.validateJwtAccessToken(server, request, resource, onThisMachine);
}

/** The OAuth error with which a request is refused. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  const error = await work.then(
    () => new Error("the request was not refused"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError)
    return error.error;
  // The library reports a challenge first, and leaves the body to the caller.
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    const body: { error: string } = JSON.parse(await error.response.text());
    return body.error;
  }
  throw error;
}

/** Asks about a token as a resource server that holds a guard key. */
export async function introspected(
  server: oauth.AuthorizationServer,
  guardKey: string,
  token: string,
): Promise<oauth.IntrospectionResponse> {
  const guard = { client_id: "guard" };
  const authentication = oauth.ClientSecretBasic(guardKey);
  const answer = await oauth.introspectionRequest(server, guard, authentication, token, onThisMachine);
  return oauth.processIntrospectionResponse(server, guard, answer);
}
