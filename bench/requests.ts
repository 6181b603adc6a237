import { Connection } from "./connection.ts";

const host = "Host: 127.0.0.1";

/** The bytes of a `POST` with a JSON body. @param headers complete header lines */
export function post(path: string, body: object, headers: readonly string[] = []): string {
  const json = JSON.stringify(body);
  const lines = [
    host,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(json)}`,
    ...headers,
  ];
  return `POST ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${json}`;
}

/** The bytes of `POST /auth/login`. */
export const loginRequest = (username: string, password: string): string =>
  post("/auth/login", { username, password });

/** The bytes of `POST /auth/refresh`. */
export const refreshRequest = (refreshToken: string): string =>
  post("/auth/refresh", { refresh_token: refreshToken });

/** A request that carries the token of the response before it. `{token}` stands for the token. */
export interface TokenRequest {
  /** The request line and the header lines, without `Content-Length`. */
  readonly head: readonly string[];
  /** Undefined for a request without a body. */
  readonly body?: string;
  /** The member of the JSON response that has the next token. Undefined if the same token is sent again. */
  readonly next?: string;
}

/** `POST /auth/refresh`. */
export const refreshing: TokenRequest = {
  head: ["POST /auth/refresh HTTP/1.1", host, "Content-Type: application/json"],
  body: JSON.stringify({ refresh_token: "{token}" }),
  next: "refresh_token",
};

/** A refresh as of RFC 6749 §6, with a form. */
export const formRefreshing = (
  path: string,
  client: Readonly<Record<string, string>>,
  at: string = "127.0.0.1",
): TokenRequest => ({
  head: [`POST ${path} HTTP/1.1`, `Host: ${at}`, "Content-Type: application/x-www-form-urlencoded"],
  body: `${new URLSearchParams({ ...client, grant_type: "refresh_token" })}&refresh_token={token}`,
  next: "refresh_token",
});

/** The bytes of a request with a token. A token has no character that a form or JSON would escape. */
export function withToken({ head, body }: TokenRequest, token: string): string {
  const filled = (text: string) => text.replace("{token}", () => token);
  const lines = head.map(filled);
  if (body === undefined) return `${lines.join("\r\n")}\r\n\r\n`;
  const content = filled(body);
  return `${lines.join("\r\n")}\r\nContent-Length: ${Buffer.byteLength(content)}\r\n\r\n${content}`;
}

/** The bytes of `POST /auth/refresh` with an access token. */
export const tradeRequest = (currentToken: string): string =>
  post("/auth/refresh", { current_token: currentToken });

/** The bytes of `GET /auth/me`. */
export const meRequest = (accessToken: string): string => bearerRequest("/auth/me", accessToken);

/**
 * The bytes of a `POST` with a form.
 *
 * @param at host and port, for servers that check the Host header
 * @param headers complete header lines
 */
export function formRequest(
  path: string,
  fields: Readonly<Record<string, string>>,
  at: string = "127.0.0.1",
  headers: readonly string[] = [],
): string {
  const form = new URLSearchParams(fields).toString();
  const type = "Content-Type: application/x-www-form-urlencoded";
  const lines = [`Host: ${at}`, type, `Content-Length: ${form.length}`, ...headers];
  return `POST ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${form}`;
}

/** The bytes of a `GET` with a bearer token. @param at host and port, for servers that check the Host header */
export const bearerRequest = (path: string, token: string, at: string = "127.0.0.1"): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${at}\r\nAuthorization: Bearer ${token}\r\n\r\n`;

/** The only user of a measured server: its first administrator. */
export const administrator = { username: "admin", password: "correct horse battery staple" } as const;

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** Signs the administrator in, one session after the other. @throws if a status is not 200 */
export function signIn(port: number, sessions: number): Promise<Tokens[]> {
  const request = loginRequest(administrator.username, administrator.password);
  return signInWith(
    port,
    Array.from({ length: sessions }, () => request),
  );
}

/** Sends logins one after the other. @throws if a status is not 200 */
export async function signInWith(port: number, logins: readonly string[]): Promise<Tokens[]> {
  const connection = await Connection.open(port);
  try {
    const signedIn: Tokens[] = [];
    for (const login of logins) {
      const { status, body } = await connection.send(Buffer.from(login));
      if (status !== 200) throw new Error(`login answered ${status}: ${body}`);
      signedIn.push(JSON.parse(body.toString()));
    }
    return signedIn;
  } finally {
    connection.close();
  }
}
