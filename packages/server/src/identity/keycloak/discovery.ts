import * as oidc from "openid-client";
import { boundedFetch } from "./bounded-fetch.ts";
import { realmScope, silentOutcome } from "./code-flow.ts";
import { RealmMisconfigured, RealmUnavailable } from "./realm-errors.ts";
import {
  describeFailure,
  directAccessOff,
  isDirectAccessOff,
  printable,
  type RealmClient,
  readRefusal,
} from "./refusals.ts";

/** The realm and Latchkey's client in it. */
export interface RealmSettings extends RealmClient {
  /** The address of Keycloak, without `/realms/…`. */
  readonly url: string;
  readonly clientSecret: string;
  /** The longest wait for one answer, in milliseconds. */
  readonly timeout: number;
  /** The address to which the realm sends the browser after a sign-in on its own page. Undefined if OAuth is off. */
  readonly redirectUri?: string | undefined;
}

/** A realm that was discovered. */
export interface DiscoveredRealm {
  readonly client: oidc.Configuration;
  /** Whether the client may trade passwords for tokens. With OAuth, people can sign in without. */
  readonly takesPasswords: boolean;
}

/**
 * Reads the realm's metadata (OpenID Connect Discovery 1.0 §4) and checks that the client may sign users in there.
 *
 * @throws {RealmMisconfigured} if an operator must change a setting
 * @throws {RealmUnavailable} if a later try may succeed
 */
export async function discoverRealm(settings: RealmSettings, issuer: string): Promise<DiscoveredRealm> {
  const { clientId, clientSecret, timeout } = settings;
  const metadata = await readMetadata(settings, issuer);
  const configuration = new oidc.Configuration(
    metadata,
    clientId,
    undefined,
    oidc.ClientSecretPost(clientSecret),
  );
  configuration[oidc.customFetch] = boundedFetch(timeout);
  if (issuer.startsWith("http:")) oidc.allowInsecureRequests(configuration);
  const { redirectUri } = settings;
  const takesPasswords = await maySignIn(configuration, settings);
  if (redirectUri !== undefined) await assertMayRedirect(configuration, settings, redirectUri);
  else if (!takesPasswords) throw directAccessOff(settings);
  return { client: configuration, takesPasswords };
}

async function readMetadata(settings: RealmSettings, issuer: string): Promise<oidc.ServerMetadata> {
  const { url, realm, timeout } = settings;
  const answer = await boundedFetch(timeout)(`${issuer}/.well-known/openid-configuration`).catch((error) => {
    throw new RealmUnavailable(describeFailure(error));
  });
  if (answer.status === 404) {
    throw new RealmMisconfigured(
      `LATCHKEY_KEYCLOAK_REALM=${realm}: Keycloak at ${url} has no realm of this name: names are case-sensitive`,
    );
  }
  if (answer.status !== 200) throw new RealmUnavailable(`the realm answered ${answer.status}`);
  const document: unknown = await answer.json().catch(() => undefined);
  if (!isMetadata(document)) throw new RealmUnavailable("the discovery document is not valid");
  if (document.issuer !== issuer) {
    throw new RealmMisconfigured(
      `LATCHKEY_KEYCLOAK_URL=${url}: the realm's issuer is ${printable(document.issuer)}: ` +
        "set the part of it before /realms, or change Keycloak's hostname",
    );
  }
  return document;
}

function isMetadata(document: unknown): document is oidc.ServerMetadata {
  if (typeof document !== "object" || document === null) return false;
  const endpoints = ["issuer", "token_endpoint", "jwks_uri"];
  return endpoints.every((name) => {
    const value: unknown = Object.hasOwn(document, name) && Reflect.get(document, name);
    return typeof value === "string" && URL.canParse(value);
  });
}

/**
 * Sends a password grant without a user name. The realm checks the client first, so `invalid_request` for the missing
 * name proves that the client is accepted. The request opens no session and counts against no account.
 *
 * @returns false if the client has direct access grants turned off
 * @throws {RealmMisconfigured} if the realm rejects the client
 */
async function maySignIn(client: oidc.Configuration, settings: RealmSettings): Promise<boolean> {
  try {
    await oidc.genericGrantRequest(client, "password", {});
  } catch (error) {
    if (isDirectAccessOff(error)) return false;
    const accepted = error instanceof oidc.ResponseBodyError && error.error === "invalid_request";
    if (!accepted) readRefusal(error, settings);
  }
  return true;
}

/** Asks the authorization endpoint for a sign-in without a page. The request opens no session. */
async function assertMayRedirect(
  client: oidc.Configuration,
  settings: RealmSettings,
  redirectUri: string,
): Promise<void> {
  const challenge = await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier());
  const url = oidc.buildAuthorizationUrl(client, {
    redirect_uri: redirectUri,
    scope: realmScope,
    prompt: "none",
    state: "check",
    code_challenge: challenge,
    code_challenge_method: "S256",
  });
  const answer = await boundedFetch(settings.timeout)(url.href).catch((error) => {
    throw new RealmUnavailable(describeFailure(error));
  });
  const subject = `LATCHKEY_OAUTH=on: the client ${settings.clientId} of the realm ${settings.realm}`;
  switch (silentOutcome(answer, redirectUri)) {
    case "accepted":
      return;
    case "standard_flow_off":
      throw new RealmMisconfigured(`${subject} has the standard flow turned off: turn it on in Keycloak`);
    case "redirect_uri_unknown":
      throw new RealmMisconfigured(
        `${subject} does not have the redirect URI ${redirectUri}: add it to its Valid redirect URIs in Keycloak`,
      );
    case "failed":
      throw new RealmUnavailable(`the authorization endpoint answered ${answer.status}`);
  }
}
