import {
  Client,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";

/** A person with a browser that runs no scripts. */
export interface Person {
  readonly username: string;
  readonly password: string;
}

/** No program listens there: the person's browser hands the response over. */
const redirectUrl = "http://127.0.0.1:33418/callback";

/**
 * Connects a client that knows the address of the tools alone. The person signs in on the page that it opens.
 *
 * @returns the connected client, and the addresses that it opened
 */
export async function signInByOAuth(address: string, person: Person) {
  const opened: URL[] = [];
  const remembered: {
    registration?: StoredOAuthClientInformation;
    tokens?: StoredOAuthTokens;
    discovery?: OAuthDiscoveryState;
    verifier?: string;
    response?: URLSearchParams;
  } = {};
  const authProvider: OAuthClientProvider = {
    redirectUrl,
    clientMetadata: {
      client_name: "A notes client",
      redirect_uris: [redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    clientInformation: () => remembered.registration,
    saveClientInformation: (registration) => void Object.assign(remembered, { registration }),
    tokens: () => remembered.tokens,
    saveTokens: (tokens) => void Object.assign(remembered, { tokens }),
    discoveryState: () => remembered.discovery,
    saveDiscoveryState: (discovery) => void Object.assign(remembered, { discovery }),
    codeVerifier: () => remembered.verifier ?? "",
    saveCodeVerifier: (verifier) => void Object.assign(remembered, { verifier }),
    async redirectToAuthorization(url) {
      opened.push(url);
      remembered.response = await allowed(url, person);
    },
  };
  const open = () => new StreamableHTTPClientTransport(new URL(address), { authProvider });
  const client = () => new Client({ name: "notes-client", version: "1.0.0" });

  const first = open();
  const refusal: unknown = await client()
    .connect(first)
    .catch((error: unknown) => error);
  if (!(refusal instanceof UnauthorizedError))
    throw new Error("the tools need no sign-in", { cause: refusal });
  await first.finishAuth(remembered.response ?? new URLSearchParams());
  const connected = client();
  await connected.connect(open());
  return { client: connected, opened };
}

/** Signs in on the page and allows the client. @returns the response that the browser takes to the client */
async function allowed(page: URL, { username, password }: Person): Promise<URLSearchParams> {
  const shown = await fetch(page);
  if (shown.status !== 200) throw new Error(`the page answers ${shown.status}: ${await shown.text()}`);
  const answer = await fetch(page, {
    method: "POST",
    headers: { origin: page.origin },
    body: new URLSearchParams({ username, password, decision: "allow" }),
  });
  const text = await answer.text();
  const [, onward] = /http-equiv="refresh" content="0;\s*url=([^"]+)"/i.exec(text) ?? [];
  if (onward === undefined) throw new Error(`the form leads nowhere: ${answer.status} ${text}`);
  return new URL(onward.replaceAll("&amp;", "&")).searchParams;
}
