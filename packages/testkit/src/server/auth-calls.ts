/** An answer: status and body, as text and, if it is JSON, as an object. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

/** Sends a request and reads the whole answer. Throws only without an answer. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
  const text = await response.text();
  return { status: response.status, text, body: objectOf(text) };
}

export function login(url: string, username: string, password: string): Promise<Answer> {
  return post(`${url}/auth/login`, { username, password });
}

export function refresh(url: string, refreshToken: string): Promise<Answer> {
  return post(`${url}/auth/refresh`, { refresh_token: refreshToken });
}

export function trade(url: string, accessToken: string): Promise<Answer> {
  return post(`${url}/auth/refresh`, { current_token: accessToken });
}

export function me(url: string, accessToken: string): Promise<Answer> {
  return send(`${url}/auth/me`, { headers: bearer(accessToken) });
}

export function logout(url: string, accessToken: string): Promise<Answer> {
  return send(`${url}/auth/logout`, { method: "POST", headers: bearer(accessToken) });
}

/** The tokens of a login or of a refresh by refresh token. Throws if the answer holds none. */
export function tokensOf({ status, body, text }: Answer): Tokens {
  const { access_token: access, refresh_token: refresh } = body;
  if (status === 200 && typeof access === "string" && typeof refresh === "string") return { access, refresh };
  throw new Error(`no tokens in answer ${status}: ${text}`);
}

/** Signs in a user, and expects success. */
export async function signIn(url: string, username: string, password: string): Promise<Tokens> {
  return tokensOf(await login(url, username, password));
}

/** A part of a JWT, read without checking its signature. */
export function jwtPart(token: string, part: "header" | "claims"): Readonly<Record<string, unknown>> {
  const encoded = token.split(".")[part === "header" ? 0 : 1] ?? "";
  return objectOf(Buffer.from(encoded, "base64url").toString());
}

function post(url: string, body: object): Promise<Answer> {
  return send(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
