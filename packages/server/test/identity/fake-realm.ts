import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from "jose";

export type Answer = (request: IncomingMessage, response: ServerResponse, body: URLSearchParams) => void;

const base = "/realms/fake";
export const paths = {
  discovery: `${base}/.well-known/openid-configuration`,
  keys: `${base}/protocol/openid-connect/certs`,
  token: `${base}/protocol/openid-connect/token`,
  logout: `${base}/protocol/openid-connect/logout`,
  auth: `${base}/protocol/openid-connect/auth`,
} as const;

/** The prefix of redirect targets. Below it, every path has its usual answer. */
export const moved = "/moved";

/** A server that answers like a realm of Keycloak, except at paths that a test gives another answer. */
export class FakeRealm implements AsyncDisposable {
  readonly url: string;
  /** Answers by path, instead of the usual ones. */
  readonly answers = new Map<string, Answer>();
  /** Runs before the answer at a path: what happens meanwhile at another place. */
  readonly meanwhile = new Map<string, () => Promise<unknown>>();
  /** The person that the sign-in page of the realm signs in without asking. */
  person = { sub: "alice-id", roles: ["user"] };
  /** Whether the client has direct access grants. */
  takesPasswords = true;
  /** The refresh tokens that have not been used. Each is accepted once. */
  readonly refreshTokens = new Set<string>();
  readonly #codes = new Map<string, URLSearchParams>();
  /** The paths of all requests. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #keys: GenerateKeyPairResult;
  readonly #jwk: object;

  private constructor(server: Server, port: number, keys: GenerateKeyPairResult, jwk: object) {
    this.#server = server;
    this.#keys = keys;
    this.#jwk = jwk;
    this.url = `http://127.0.0.1:${port}`;
    server.on("request", async (request: IncomingMessage, response: ServerResponse) => {
      const [path = ""] = (request.url ?? "").split("?");
      this.asked.push(path);
      const body = new URLSearchParams(await text(request).catch(() => ""));
      await this.meanwhile.get(path)?.();
      (this.answers.get(path) ?? this.#usual(path.replace(moved, "")))(request, response, body);
    });
  }

  static async start(): Promise<FakeRealm> {
    const server = createServer();
    const port = await listenLocally(server);
    const keys = await generateKeyPair("ES256");
    return new FakeRealm(server, port, keys, {
      ...(await exportJWK(keys.publicKey)),
      kid: "k1",
      alg: "ES256",
      use: "sig",
    });
  }

  /** Settings of a server that uses this realm. */
  get settings(): Readonly<Record<string, string>> {
    return {
      PROVIDER: "keycloak",
      KEYCLOAK_URL: this.url,
      KEYCLOAK_REALM: "fake",
      KEYCLOAK_CLIENT_ID: "latchkey",
      KEYCLOAK_CLIENT_SECRET: "hunter2 of the client",
      KEYCLOAK_TIMEOUT: "300ms",
    };
  }

  /** Answers logins at the token endpoint. The check of the client, which names no user, gets the usual answer. */
  atSignIn(answer: Answer): void {
    this.answers.set(paths.token, (request, response, body) =>
      (body.has("username") ? answer : this.#usual(paths.token))(request, response, body),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return closeNow(this.#server);
  }

  #usual(path: string): Answer {
    const issuer = `${this.url}${base}`;
    if (path === paths.discovery) {
      const address = (name: keyof typeof paths) => `${this.url}${paths[name]}`;
      return json({
        issuer,
        token_endpoint: address("token"),
        jwks_uri: address("keys"),
        end_session_endpoint: address("logout"),
        authorization_endpoint: address("auth"),
        authorization_response_iss_parameter_supported: true,
        id_token_signing_alg_values_supported: ["ES256"],
      });
    }
    if (path === paths.keys) return json({ keys: [this.#jwk] });
    if (path === paths.logout) return json({});
    if (path === paths.auth) return this.#authorize;
    if (path !== paths.token) return json({}, 404);
    return async (request, response, body) => {
      const answer = await this.#granted(body);
      if (answer !== undefined) return answer(request, response, body);
      if (!this.takesPasswords) return passwordsRefused(request, response, body);
      if (!body.has("username")) return json({ error: "invalid_request" }, 400)(request, response, body);
      const token = await this.token(issuer, "Bearer");
      const refresh = await this.token(issuer, "Refresh");
      json({ access_token: token, refresh_token: refresh, token_type: "Bearer" })(request, response, body);
    };
  }

  /** The sign-in page (RFC 6749 §4.1.1). Without a session of the browser, `prompt=none` finds nobody. */
  readonly #authorize: Answer = (request, response) => {
    const asked = new URL(request.url ?? "", this.url).searchParams;
    const code = randomUUID();
    this.#codes.set(code, asked);
    const answer = new URL(asked.get("redirect_uri") ?? "");
    if (asked.get("prompt") === "none") answer.searchParams.set("error", "login_required");
    else answer.searchParams.set("code", code);
    answer.searchParams.set("state", asked.get("state") ?? "");
    answer.searchParams.set("iss", `${this.url}${base}`);
    response.writeHead(302, { location: answer.href }).end();
  };

  /** The answer to a code or a refresh token. */
  async #granted(body: URLSearchParams): Promise<Answer | undefined> {
    if (body.get("grant_type") === "authorization_code") {
      const asked = this.#codes.get(body.get("code") ?? "");
      this.#codes.delete(body.get("code") ?? "");
      const challenge = createHash("sha256")
        .update(body.get("code_verifier") ?? "")
        .digest("base64url");
      const isRight =
        asked?.get("code_challenge") === challenge && asked.get("redirect_uri") === body.get("redirect_uri");
      return isRight ? json(await this.tokens(asked.get("nonce"))) : refused("Code not valid");
    }
    if (body.get("grant_type") !== "refresh_token") return undefined;
    const isUnused = this.refreshTokens.delete(body.get("refresh_token") ?? "");
    return isUnused ? json(await this.tokens(null)) : refused("Maximum allowed refresh token reuse exceeded");
  }

  /** An answer of the token endpoint for the person. */
  async tokens(nonce: string | null): Promise<object> {
    const { sub, roles } = this.person;
    const refresh = await this.token(undefined, "Refresh", roles, sub);
    this.refreshTokens.add(refresh);
    return {
      token_type: "Bearer",
      access_token: await this.token(undefined, "Bearer", roles, sub),
      refresh_token: refresh,
      id_token: await this.idToken(nonce, sub),
    };
  }

  /** An ID token, with which a client ends the session. */
  idToken(nonce: string | null = null, sub = "alice-id"): Promise<string> {
    return new SignJWT({ typ: "ID", sid: "s1", ...(nonce !== null && { nonce }) })
      .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: "k1" })
      .setIssuer(`${this.url}${base}`)
      .setSubject(sub)
      .setAudience("latchkey")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(this.#keys.privateKey);
  }

  token(issuer = `${this.url}${base}`, typ = "Bearer", roles = ["user"], sub = "alice-id"): Promise<string> {
    return new SignJWT({
      azp: "latchkey",
      typ,
      sid: "s1",
      preferred_username: "alice",
      realm_access: { roles },
    })
      .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: "k1" })
      .setIssuer(issuer)
      .setSubject(sub)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(this.#keys.privateKey);
  }
}

export function json(body: unknown, status = 200): Answer {
  return (_request, response) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const passwordsRefused = json(
  { error: "unauthorized_client", error_description: "Client not allowed for direct access grants" },
  400,
);

/** The realm's refusal of a code or a refresh token. */
export function refused(error_description: string): Answer {
  return json({ error: "invalid_grant", error_description }, 400);
}
