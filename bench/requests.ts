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

/** The bytes of `POST /oauth/token` with the refresh token of a client. */
export const clientRefreshRequest = (clientId: string, refreshToken: string): string =>
  formRequest("/oauth/token", {
    grant_type: "refresh_token",
    client_id: clientId,
    refresh_token: refreshToken,
  });

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
