import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, mounts, send, signIn } from "./api-case.ts";

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, Response>>;
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly security?: readonly unknown[];
}
interface Response {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content: { readonly "application/json": { readonly examples: Readonly<Record<string, unknown>> } };
}
interface Document {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly required?: readonly string[] }>>;
  };
}

let server: TestServer;
let document: Document;
beforeAll(async () => {
  server = await testServer();
  document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test("the document is OpenAPI 3.1", () => expect(document.openapi).toBe("3.1.0"));

test("a union in an answer has a name, so that generators make one class of it", () => {
  const answers = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ responses }) => Object.values(responses)),
  );
  expect(JSON.stringify(answers)).not.toMatch(/"(anyOf|oneOf|allOf)"/);
  expect(JSON.stringify(answers)).toContain('"#/components/schemas/RefusedInput"');
});

test("operation ids are those of the published documents", () => {
  const ids = Object.entries(document.paths)
    .filter(([path]) => /\/auth\/(login|refresh|me|logout)$/.test(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [`${method} ${path}`, operationId]),
    );
  expect(Object.fromEntries(ids)).toEqual({
    "post /auth/login": "login_auth_login_post",
    "post /auth/refresh": "refresh_token_auth_refresh_post",
    "get /auth/me": "get_current_user_info_auth_me_get",
    "post /auth/logout": "logout_auth_logout_post",
    "post /api/v1/auth/login": "login_api_v1_auth_login_post",
    "post /api/v1/auth/refresh": "refresh_token_api_v1_auth_refresh_post",
    "get /api/v1/auth/me": "get_current_user_info_api_v1_auth_me_get",
    "post /api/v1/auth/logout": "logout_api_v1_auth_logout_post",
  });
});

test("every answer has headers and an example", () => {
  const paths = Object.keys(document.paths).filter((path) => !path.startsWith("/admin/"));
  expect(paths).toHaveLength(40);
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations)) {
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(Object.keys(response.headers ?? {}), `${path} ${status}`).toContain("X-Request-Id");
        const [{ examples } = { examples: {} }] = Object.values<{ examples: object }>(response.content);
        expect(Object.keys(examples), `${path} ${status}`).not.toHaveLength(0);
      }
    }
  }
});

test("every operation lists 421, the answer to a foreign Host", () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const { responses } of Object.values(operations)) {
      expect(JSON.stringify(responses["4XX"]?.content), path).toContain("misdirected_request");
    }
  }
});

describe.each(mounts)("%s", (mount) => {
  const statuses = (path: string, method: string) =>
    Object.keys(document.paths[`${mount}${path}`]?.[method]?.responses ?? {});

  test("every status is listed", () => {
    const withBody = [...["200", "400", "401", "403", "404", "413", "422", "429", "500", "503"], "4XX"];
    expect(statuses("/login", "post")).toEqual(withBody);
    expect(statuses("/refresh", "post")).toEqual(withBody);
    const withoutBody = withBody.filter((status) => status !== "413");
    expect(statuses("/me", "get")).toEqual(withoutBody);
    expect(statuses("/logout", "post")).toEqual(withBody);
  });

  test("headers that clients act on are listed", () => {
    const login = document.paths[`${mount}/login`]?.["post"]?.responses ?? {};
    expect(Object.keys(login["401"]?.headers ?? {})).toContain("WWW-Authenticate");
    expect(Object.keys(login["429"]?.headers ?? {})).toEqual(
      expect.arrayContaining(["Retry-After", "RateLimit", "RateLimit-Policy"]),
    );
    expect(Object.keys(login["503"]?.headers ?? {})).toContain("Retry-After");
  });
});

test("models are those of the wire, and `me` has every required field", async () => {
  const { schemas } = document.components;
  expect(
    Object.keys(schemas)
      .filter((name) => !name.startsWith("Admin"))
      .sort(),
  ).toEqual([
    "AccountMessage",
    "ClientRegistrationRequest",
    "ClientRegistrationResponse",
    "ConfirmedEmail",
    "CurrentUserInfo",
    "EmailChangeRequest",
    "EndedSessions",
    "ErrorResponse",
    "ForgottenPasswordRequest",
    "HTTPValidationError",
    "HealthResponse",
    "JoinRequest",
    "JoinedUser",
    "KeySet",
    "LinkRequest",
    "LoginRequest",
    "LoginResponse",
    "LogoutResponse",
    "OAuthErrorResponse",
    "OAuthIntrospectRequest",
    "OAuthIntrospectResponse",
    "OAuthRevokeRequest",
    "OAuthRevokeResponse",
    "OAuthTokenRequest",
    "OAuthTokenResponse",
    "OwnSession",
    "OwnSessions",
    "PasswordChangeRequest",
    "PasswordResetRequest",
    "ProviderMetadata",
    "RefreshTokenRequest",
    "RefreshTokenResponse",
    "RefusedInput",
    "Revocation",
    "RevocationPage",
    "SessionState",
    "SignUpRequest",
    "ValidationError",
  ]);
  const { access } = await signIn(server);
  const me = await send(server, "/auth", { method: "GET", path: "/me", headers: bearer(access) });
  expect(Object.keys(me.body).sort()).toEqual([...(schemas["CurrentUserInfo"]?.required ?? [])].sort());
});

test("security: open operations say so, and keys are optional on this machine", async () => {
  const securityIn = (paths: Document["paths"]) =>
    Object.entries(paths)
      // See `test/admin/document.test.ts`.
      .filter(([path]) => !path.startsWith("/admin/"))
      .flatMap(([path, operations]) =>
        Object.values(operations).map(({ security }) => [path, security] as const),
      );
  const token = [{ HTTPBearer: [] }];
  const ownPaths = /\/auth\/(me|logout|password|email|email\/verify|sessions|sessions\/\{id\})$/;
  const keys = (more: readonly object[]) => ({
    "/revocations": [{ GuardKey: [] }, ...more],
    "/revocations/{sessionId}": [{ GuardKey: [] }, ...more],
    "/metrics": [{ MetricsKey: [] }, ...more],
    "/oauth/introspect": [{ GuardKey: [] }, { GuardKeyBasic: [] }, ...more],
  });
  const ofClients = [{}, { ClientSecret: [] }];
  const local: Record<string, unknown> = {
    ...keys([{}]),
    "/oauth/token": ofClients,
    "/oauth/revoke": ofClients,
  };
  for (const [path, security] of securityIn(document.paths)) {
    expect(security, path).toEqual(local[path] ?? (ownPaths.test(path) ? token : []));
  }
  await using distant = await testServer({ ISSUER: "https://login.example" });
  const { paths } = (await (await fetch(`${distant.url}/openapi.json`)).json()) as Document;
  expect(Object.fromEntries(securityIn(paths))).toMatchObject(keys([]));
});

test("answers are open, integers have 64 bits, refresh takes either token", () => {
  const { schemas } = document.components;
  const { RefreshTokenRequest, LoginRequest } = schemas;
  const answers = Object.fromEntries(Object.entries(schemas).filter(([name]) => !name.endsWith("Request")));
  const objects = (value: unknown): Record<string, unknown>[] =>
    typeof value !== "object" || value === null
      ? []
      : [{ ...value }, ...Object.values(value).flatMap(objects)].filter((one) => "type" in one);
  for (const schema of objects(answers)) {
    if (schema["type"] === "object") expect(schema).toMatchObject({ additionalProperties: true });
  }
  const integers = objects(document).filter(({ type }) => type === "integer");
  expect(integers.length).toBeGreaterThan(10);
  for (const integer of integers) expect(integer).toMatchObject({ format: "int64" });
  expect(RefreshTokenRequest).toMatchObject({
    anyOf: [{ required: ["refresh_token"] }, { required: ["current_token"] }],
  });
  expect(LoginRequest).not.toHaveProperty("additionalProperties");
});

test("the endpoints for OAuth clients take forms and answer errors in the form of OAuth", () => {
  for (const path of ["/oauth/token", "/oauth/revoke", "/oauth/introspect"]) {
    const { requestBody, responses } = document.paths[path]?.["post"] ?? {};
    expect(Object.keys(requestBody?.content ?? {})).toEqual(["application/x-www-form-urlencoded"]);
    const examples = Object.values(responses ?? {}).flatMap(({ content }) =>
      Object.entries(content["application/json"].examples).filter(([name]) => name !== "example"),
    );
    expect(examples.length).toBeGreaterThan(5);
    for (const [name, example] of examples) {
      expect(example, `${path} ${name}`).toMatchObject({ value: { error: expect.any(String), code: name } });
    }
  }
});

test("without the authorization server the document has none of its operations and models", async () => {
  await using without = await testServer({ OAUTH: "off" });
  const { paths, components } = (await (await fetch(`${without.url}/openapi.json`)).json()) as Document;
  expect(Object.keys(paths).filter((path) => path.includes("oauth"))).toEqual([]);
  expect(Object.keys(components.schemas).filter((name) => /OAuth|Registration/.test(name))).toEqual([]);
});

test("/docs calls the server that it came from, and clients the issuer", async () => {
  const serversAt = async (address: string) => ((await (await fetch(address)).json()) as Document).servers;
  const [own] = await serversAt(`${server.url}/docs/json`);
  expect(URL.parse(own?.url ?? "", "http://localhost:8000/docs/json")?.href).toBe("http://localhost:8000/");
  expect(await serversAt(`${server.url}/openapi.json`)).toEqual([{ url: server.url }]);
});

test("/docs loads nothing from other hosts", async () => {
  const page = await fetch(`${server.url}/docs`);
  expect(page.headers.get("content-type")).toMatch(/^text\/html/);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
  const html = await page.text();
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? "");
  expect(assets.length).toBeGreaterThan(3);
  for (const address of assets) {
    const asset = await fetch(new URL(address, page.url));
    expect(asset.url).toMatch(`${server.url}/docs/static/`);
    expect(asset.status).toBe(200);
    await asset.arrayBuffer();
  }
});
