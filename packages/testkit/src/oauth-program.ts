import { createHash, randomBytes } from "node:crypto";

/** An answer of the token endpoint. */
export interface TokenAnswer {
  readonly status: number;
  readonly error: unknown;
  readonly access: string;
  readonly refresh: string;
}

/** An OAuth client on this machine: a public one with PKCE, which registers itself. Nothing listens at its callback. */
export class OAuthProgram {
  readonly callback = "http://127.0.0.1:9/callback";
  readonly clientId: string;
  readonly #server: string;
  readonly #verifier = randomBytes(32).toString("base64url");
  readonly #resource: string;

  private constructor(server: string, clientId: string, resource: string) {
    this.#server = server;
    this.clientId = clientId;
    this.#resource = resource;
  }

  /** @param resource the server that its tokens are for */
  static async register(
    server: string,
    resource = "http://127.0.0.1:9/mcp",
    name = "Notes",
  ): Promise<OAuthProgram> {
    const answer = await fetch(`${server}/oauth/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        client_name: name,
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "none",
      }),
    });
    const body = membersOf(await answer.json());
    return new OAuthProgram(server, String(body["client_id"]), resource);
  }

  /** The address of an authorization request. @param changed parameters that replace the usual ones */
  request(changed: Readonly<Record<string, string>> = {}): string {
    const query = new URLSearchParams({
      response_type: "code",
      client_id: this.clientId,
      redirect_uri: this.callback,
      state: "the client's state",
      code_challenge: createHash("sha256").update(this.#verifier).digest("base64url"),
      code_challenge_method: "S256",
      resource: this.#resource,
      ...changed,
    });
    return `${this.#server}/oauth/authorize?${query}`;
  }

  /** Trades the code in an authorization response for tokens. @param response the address at the callback */
  redeem(response: string): Promise<TokenAnswer> {
    const code = new URL(response).searchParams.get("code") ?? "";
    const redirect = { redirect_uri: this.callback, code_verifier: this.#verifier };
    return this.#token({ grant_type: "authorization_code", code, ...redirect });
  }

  /** @param server another replica. Default: the one of the registration */
  refresh(refreshToken: string, server?: string): Promise<TokenAnswer> {
    return this.#token({ grant_type: "refresh_token", refresh_token: refreshToken }, server);
  }

  /** @returns the status */
  async revoke(token: string): Promise<number> {
    const body = new URLSearchParams({ client_id: this.clientId, token });
    return (await fetch(`${this.#server}/oauth/revoke`, { method: "POST", body })).status;
  }

  async #token(parameters: Readonly<Record<string, string>>, server = this.#server): Promise<TokenAnswer> {
    const body = new URLSearchParams({ client_id: this.clientId, ...parameters });
    const answer = await fetch(`${server}/oauth/token`, { method: "POST", body });
    const { access_token, refresh_token, error } = membersOf(await answer.json());
    return { status: answer.status, error, access: String(access_token), refresh: String(refresh_token) };
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
