import { passwords, type TestServer } from "@latchkey/testkit/server/test-server";
import { expect } from "vitest";

/** Both published documents, one each. */
export const mounts = ["/auth", "/api/v1/auth"] as const;

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS";
  /** Below the mount point, such as `/login`. */
  readonly path: string;
  /** Sent as JSON, unless it is a text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The expected answer. `absent` and `absentHeaders` list texts and headers that it must not hold. */
export interface Expected {
  readonly status: number;
  readonly code?: string;
  /** Must match field by field. Further fields are allowed. */
  readonly body?: object;
  /** Must be the whole body. */
  readonly exactly?: unknown;
  readonly absent?: readonly string[];
  readonly headers?: Readonly<Record<string, string | RegExp>>;
  readonly absentHeaders?: readonly string[];
  /** Audit events, in order: no more and no fewer. Default: none. */
  readonly events?: readonly string[];
}

/** Sends a request. */
export async function send(server: TestServer, mount: string, request: ApiRequest): Promise<ApiAnswer> {
  const { method, path, body, headers = {} } = request;
  const json = body !== undefined && typeof body !== "string";
  const response = await fetch(`${server.url}${mount}${path}`, {
    method,
    headers: { ...(json ? { "content-type": "application/json" } : {}), ...headers },
    ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : body }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text === "" ? {} : asObject(text),
  };
}

function asObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** Sends a request and compares the answer and the audit events with the expected ones. */
export async function check(
  server: TestServer,
  mount: string,
  request: ApiRequest,
  expected: Expected,
): Promise<ApiAnswer> {
  server.newEvents();
  const answer = await send(server, mount, request);
  expect({ status: answer.status, code: answer.body["code"] }).toEqual({
    status: expected.status,
    code: expected.code,
  });
  if (request.method !== "HEAD")
    expect(answer.headers.get("content-type")).toMatch(/^application\/json(;|$)/);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("x-request-id")).toMatch(/^[\w.-]{1,64}$/);
  if (expected.body !== undefined) expect(answer.body).toMatchObject(expected.body);
  if (expected.exactly !== undefined) expect(answer.body).toEqual(expected.exactly);
  for (const name of expected.absent ?? []) expect(answer.body).not.toHaveProperty(name);
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    if (typeof value === "string") expect(answer.headers.get(name)).toBe(value);
    else expect(answer.headers.get(name)).toMatch(value);
  }
  for (const name of expected.absentHeaders ?? []) expect(answer.headers.get(name)).toBeNull();
  expect(server.newEvents().map(({ name }) => name)).toEqual(expected.events ?? []);
  return answer;
}

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

/** Signs in with the right password. */
export async function signIn(server: TestServer, username = "alice", password?: string): Promise<Tokens> {
  const known: Readonly<Record<string, string>> = passwords;
  const body = { username, password: password ?? known[username] };
  const answer = await send(server, "/auth", { method: "POST", path: "/login", body });
  expect(answer.status).toBe(200);
  return { access: String(answer.body["access_token"]), refresh: String(answer.body["refresh_token"]) };
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The claims of a token, unchecked. */
export function claimsOf(token: string): Record<string, unknown> {
  return asObject(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}
