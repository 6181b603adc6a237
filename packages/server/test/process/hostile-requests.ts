import { connect } from "node:net";

/** Values that no answer and no log may repeat: one for each place of a request that may hold a secret. */
export const canaries = {
  username: "canaryusername7qx",
  password: "canarypassword7qx",
  token: "canarytoken7qx",
  field: "canaryfield7qx",
  path: "canarypath7qx",
  query: "canaryquery7qx",
  header: "canaryheader7qx",
} as const;

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const { username, password, token, field, path, query, header } = canaries;

const operations = ["/auth", "/api/v1/auth"].flatMap((mount) =>
  ["login", "refresh", "me", "logout"].map((operation) => `${mount}/${operation}`),
);
const otherPaths = ["/openapi.json", "/docs/", "/health/live", "/health/ready", "/.well-known/jwks.json"];

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (head: object) => `${part(head)}.${part({ sub: token, exp: token })}.${token}`;

/** Texts that resemble access tokens. */
const forgedTokens = [
  token,
  `lkr_${token}`,
  `lkr_${token.repeat(20).slice(0, 91)}`,
  `${token}.${token}.${token}`,
  jwt({ alg: token }),
  jwt({ alg: "none", typ: "at+jwt" }),
  jwt({ alg: "ES256", typ: "at+jwt", kid: token }),
  jwt({ alg: "ES256", typ: token, kid: token, crit: [token] }),
];

const bodies = [
  JSON.stringify({ username, password }),
  JSON.stringify({ username, password: [password] }),
  JSON.stringify({ username: { [field]: username }, password: null }),
  JSON.stringify({ [field]: password, __proto__: { [field]: field } }),
  JSON.stringify({ refresh_token: 7, current_token: { [field]: token } }),
  JSON.stringify([password]),
  JSON.stringify(password),
  `{"username":"${username}","password":"${password}`,
  `{"username":"${username}",${password}}`,
  `${password}\u0000`,
  `{"password":"${password.repeat(2_000)}"}`,
  ...forgedTokens.flatMap((forged) => [
    JSON.stringify({ refresh_token: forged }),
    JSON.stringify({ current_token: forged }),
  ]),
];

const strange = {
  authorization: `Bearer ${token}`,
  "x-request-id": `${header} is not an id`,
  "x-forwarded-for": header,
  "user-agent": header,
  cookie: `session=${header}`,
  referer: `https://example.com/?token=${header}`,
  // The log names the origin of a refused page, so this one has a path.
  origin: `https://${header}.example/`,
};

const contentTypes = ["application/json", "application/x-www-form-urlencoded", `text/${header}`];

/** Every operation with all kinds of bad input, and every other path with secrets in the wrong places. */
export const requests: readonly Request[] = [
  ...operations.flatMap((operation) => [
    ...bodies.map((body) => post(operation, body, "application/json")),
    ...contentTypes.map((type) => post(operation, `${username}=${password}`, type)),
    ...forgedTokens.map((forged) => authorized(operation, `Bearer ${forged}`)),
    authorized(operation, `Basic ${password}`),
    authorized(operation, password),
  ]),
  ...[
    ...operations,
    ...otherPaths,
    `/${path}`,
    `/auth/${path}`,
    `/docs/${path}`,
    `/auth/%E0%A4${path}`,
  ].flatMap((known) =>
    ["GET", "POST", "PUT", "DELETE", "OPTIONS"].map((method) => ({
      method,
      path: `${known}?access_token=${query}&${query}=1`,
      headers: strange,
    })),
  ),
  { method: "GET", path: `/auth/me?${query.repeat(300)}` },
];

/** Malformed requests and halves of requests. */
export const brokenHttp: readonly string[] = [
  `${header}\r\n\r\n`,
  `GET /${path} HTTP/9.${header}\r\n\r\n`,
  `${header} /${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  `GET /auth/me HTTP/1.1\r\nHost: localhost\r\nAuthorization ${token}\r\n\r\n`,
  `GET /auth/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\u0001\r\n\r\n`,
  `GET /auth/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token.repeat(2_000)}\r\n\r\n`,
  `GET /${path} HTTP/1.1\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  `POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${header}\r\n\r\n${password}`,
  `POST /auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${password}\r\n`,
  `POST /auth/login HTTP/1.1\r\nHost: localhost\r\nExpect: ${header}\r\nContent-Length: 2\r\n\r\n{}`,
  `GET /auth/me HTTP/1.1\r\nHost: localhost\r\nUpgrade: ${header}\r\nConnection: upgrade\r\n\r\n`,
];

/** Sends bytes as they are. @returns the answer until the server closes the connection or has sent a head */
export function sendRaw(url: string, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes, "latin1"));
    socket.setEncoding("latin1").on("data", (text: string) => {
      received += text;
      // If the server keeps the connection open, the answer is complete.
      if (received.includes("\r\n\r\n")) socket.end();
    });
    socket.on("error", () => {}).on("close", () => resolve(received));
  });
}

function post(path: string, body: string, contentType: string): Request {
  return { method: "POST", path, body, headers: { ...strange, "content-type": contentType } };
}

function authorized(path: string, authorization: string): Request {
  return { method: path.endsWith("/me") ? "GET" : "POST", path, headers: { ...strange, authorization } };
}
