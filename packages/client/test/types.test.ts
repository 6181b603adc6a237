import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, expectTypeOf, test } from "vitest";
import { acrossTabs } from "../src/browser.ts";
import { fileStore } from "../src/file.ts";
import {
  type APIError,
  AuthClient,
  type AuthError,
  type BadRequestError,
  type Call,
  type CallOptions,
  type ClientOptions,
  type ConnectionError,
  type Credentials,
  dbrsdkRetry,
  defaultRetry,
  type ForbiddenError,
  type Issue,
  isKnownError,
  type KnownError,
  type Logger,
  type LoginResponse,
  type LogoutResponse,
  localStorageStore,
  type Middleware,
  mcpClientRetry,
  memoryStore,
  type NotFoundError,
  type RateLimitError,
  type RefreshGrant,
  type RefreshTokenResponse,
  type RequestAbortedError,
  type RequestTimeoutError,
  type ResponseValidationError,
  type Result,
  type RetryOptions,
  type ServerError,
  type SessionEnd,
  type SignedOutError,
  type StoreFailure,
  type TokenSet,
  type TokenStore,
  type UnauthorizedError,
  type User,
  type ValidationError,
} from "../src/index.ts";

/** The type checker proves these tests; running them proves nothing more. */
const auth = new AuthClient();

describe("the client", () => {
  test("takes any options, or none", () => {
    expectTypeOf<[]>().toExtend<ConstructorParameters<typeof AuthClient>>();
    expectTypeOf<[ClientOptions]>().toExtend<ConstructorParameters<typeof AuthClient>>();
    expectTypeOf<keyof ClientOptions>().toEqualTypeOf<keyof CallOptions | "store">();
  });

  test("each option has its own type", () => {
    type Given<Name extends keyof ClientOptions> = Exclude<ClientOptions[Name], undefined>;
    expectTypeOf<Given<"baseURL" | "basePath">>().toEqualTypeOf<string>();
    expectTypeOf<Given<"token">>().toEqualTypeOf<string | (() => string | Promise<string>)>();
    expectTypeOf<Given<"timeout">>().toEqualTypeOf<number>();
    expectTypeOf<Given<"headers">>().toEqualTypeOf<Readonly<Record<string, string>>>();
    expectTypeOf<Given<"fetch">>().toEqualTypeOf<(request: Request) => Promise<Response>>();
    expectTypeOf(fetch).toExtend<Given<"fetch">>();
    expectTypeOf<Given<"middleware">>().toEqualTypeOf<readonly Middleware[]>();
    expectTypeOf<Given<"logger">>().toEqualTypeOf<Logger>();
    expectTypeOf(console).toExtend<Logger>();
    expectTypeOf<Given<"signal">>().toEqualTypeOf<AbortSignal>();
    expectTypeOf<Given<"store">>().toEqualTypeOf<TokenStore>();
  });

  test("has four calls", () => {
    expectTypeOf(auth.login).toEqualTypeOf<
      (credentials: Credentials, options?: CallOptions) => Call<LoginResponse>
    >();
    expectTypeOf(auth.refresh).toEqualTypeOf<
      (grant: RefreshGrant, options?: CallOptions) => Call<RefreshTokenResponse>
    >();
    expectTypeOf(auth.me).toEqualTypeOf<(options?: CallOptions) => Call<User>>();
    expectTypeOf(auth.logout).toEqualTypeOf<(options?: CallOptions) => Call<LogoutResponse>>();
  });

  test("has token, fetch, with, close and listeners", () => {
    expectTypeOf(auth.token).toEqualTypeOf<
      (options?: { readonly signal?: AbortSignal | undefined }) => Promise<string>
    >();
    expectTypeOf(auth.fetch).toExtend<typeof fetch>();
    expectTypeOf(auth.with).toEqualTypeOf<(options: ClientOptions) => AuthClient>();
    expectTypeOf(auth.close).toEqualTypeOf<() => void>();
    expectTypeOf(auth.onSessionEnd).toEqualTypeOf<(listener: (end: SessionEnd) => void) => () => void>();
    expectTypeOf(auth.onSessionStart).toEqualTypeOf<(listener: () => void) => () => void>();
    expectTypeOf<AuthClient>().toExtend<AsyncDisposable>();
  });
});

test("a grant has either a refresh token or a current token", () => {
  expectTypeOf<{ refreshToken: string }>().toExtend<RefreshGrant>();
  expectTypeOf<{ currentToken: string }>().toExtend<RefreshGrant>();
  expectTypeOf<{ refreshToken: string; currentToken: string }>().not.toExtend<RefreshGrant>();
  expectTypeOf<Record<never, never>>().not.toExtend<RefreshGrant>();
});

test("a call is a promise with three more views", () => {
  expectTypeOf<Call<User>>().toExtend<Promise<User>>();
  expectTypeOf<Call<User>["result"]>().toEqualTypeOf<() => Promise<Result<User>>>();
  expectTypeOf<Call<User>["withResponse"]>().returns.resolves.toEqualTypeOf<{
    readonly data: User;
    readonly response: Response;
  }>();
  expectTypeOf<Call<User>["asResponse"]>().returns.resolves.toEqualTypeOf<Response>();
});

test("a result narrows by ok", () => {
  const look = (result: Result<User>) => (result.ok ? result.value : result.error);
  expectTypeOf(look).returns.toEqualTypeOf<User | KnownError>();
});

test("responses mark fields that only some servers send", () => {
  expectTypeOf<LoginResponse["accessToken"]>().toEqualTypeOf<string>();
  expectTypeOf<LoginResponse["expiresIn"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<LoginResponse["refreshToken"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<LoginResponse["roles"]>().toEqualTypeOf<readonly string[]>();
  expectTypeOf<LoginResponse["user"]>().toEqualTypeOf<User | undefined>();
  expectTypeOf<User["displayName"]>().toEqualTypeOf<string | null>();
  expectTypeOf<LogoutResponse>().toEqualTypeOf<{ readonly message: string }>();
});

test("errors narrow by kind, and a switch over all of them is exhaustive", () => {
  const shown = (error: KnownError): string | number | undefined => {
    switch (error.kind) {
      case "validation":
        expectTypeOf(error).toEqualTypeOf<ValidationError>();
        expectTypeOf(error.issues).toEqualTypeOf<readonly Issue[]>();
        return error.issues.length;
      case "rate_limit":
        expectTypeOf(error).toEqualTypeOf<RateLimitError>();
        return error.retryAfter;
      case "forbidden":
        expectTypeOf(error).toEqualTypeOf<ForbiddenError>();
        return error.code;
      case "api":
      case "bad_request":
      case "unauthorized":
      case "not_found":
      case "server":
      case "response_validation":
        expectTypeOf(error.status).toEqualTypeOf<number>();
        return error.requestId;
      case "connection":
      case "timeout":
      case "aborted":
      case "signed_out":
        return error.message;
      default:
        return error satisfies never;
    }
  };
  expectTypeOf(shown).parameter(0).toEqualTypeOf<KnownError>();
});

test("isKnownError narrows a caught value", () => {
  expectTypeOf(isKnownError).guards.toEqualTypeOf<KnownError>();
});

test("the error tree is that of the published documents", () => {
  expectTypeOf<ValidationError>().toExtend<BadRequestError>();
  expectTypeOf<ForbiddenError>().toExtend<UnauthorizedError>();
  expectTypeOf<BadRequestError>().toExtend<APIError>();
  expectTypeOf<KnownError>().toExtend<AuthError>();
  expectTypeOf<APIError["headers"]>().toEqualTypeOf<Headers>();
  expectTypeOf<APIError["data"]>().toEqualTypeOf<unknown>();
});

test("an APIError has every part of the response", () => {
  type Answered = NotFoundError | ServerError | ResponseValidationError | RateLimitError;
  expectTypeOf<Answered>().toExtend<APIError>();
  expectTypeOf<APIError["status"]>().toEqualTypeOf<number>();
  expectTypeOf<APIError["body"]>().toEqualTypeOf<string>();
  expectTypeOf<APIError["response"]>().toEqualTypeOf<Response>();
  expectTypeOf<APIError["code" | "requestId"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<APIError["retryAfter"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Issue>().toEqualTypeOf<{
    readonly loc: readonly (string | number)[];
    readonly msg: string;
    readonly type: string;
  }>();
});

test("an error without a response has no status", () => {
  type Unanswered = ConnectionError | RequestTimeoutError | RequestAbortedError | SignedOutError;
  expectTypeOf<Unanswered>().toExtend<AuthError>();
  expectTypeOf<Extract<KnownError, { status: number }>>().toEqualTypeOf<Exclude<KnownError, Unanswered>>();
});

test("credentials, events, stores and tokens", () => {
  expectTypeOf<Credentials>().toEqualTypeOf<{ readonly username: string; readonly password: string }>();
  expectTypeOf<SessionEnd["reason"]>().toEqualTypeOf<"logout" | "refused" | "expired" | "elsewhere">();
  expectTypeOf<SessionEnd["error"]>().toEqualTypeOf<KnownError | undefined>();
  expectTypeOf<StoreFailure>().toEqualTypeOf<{
    readonly action: "keep" | "forget";
    readonly error: unknown;
  }>();
  expectTypeOf<TokenStore["get"]>().returns.toEqualTypeOf<
    TokenSet | undefined | Promise<TokenSet | undefined>
  >();
  expectTypeOf<TokenStore["set"]>().toEqualTypeOf<(tokens: TokenSet | undefined) => void | Promise<void>>();
  expectTypeOf<TokenStore["name"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<TokenSet["accessToken"]>().toEqualTypeOf<string>();
  expectTypeOf<TokenSet["issuedAt"]>().toEqualTypeOf<number>();
  expectTypeOf<TokenSet["refreshToken"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<TokenSet["expiresAt"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<TokenSet["signedInAt"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<TokenStore["watch"]>().toEqualTypeOf<((changed: () => void) => () => void) | undefined>();
});

test("stores, presets and middleware", () => {
  expectTypeOf(memoryStore).toEqualTypeOf<() => TokenStore>();
  expectTypeOf(localStorageStore).toEqualTypeOf<(key?: string) => TokenStore>();
  expectTypeOf(fileStore).toEqualTypeOf<(path: string) => TokenStore>();
  expectTypeOf(acrossTabs).toEqualTypeOf<(store: TokenStore) => TokenStore>();
  for (const preset of [defaultRetry, dbrsdkRetry, mcpClientRetry]) {
    expectTypeOf(preset).toEqualTypeOf<RetryOptions>();
  }
  expectTypeOf<Middleware>().toEqualTypeOf<
    (request: Request, next: (request: Request) => Promise<Response>) => Promise<Response>
  >();
  expectTypeOf<Partial<RetryOptions> | false | undefined>().toExtend<CallOptions["retry"]>();
  expectTypeOf<{ timeout: number | undefined; signal: AbortSignal | undefined }>().toExtend<CallOptions>();
});

test("every export is tested here", () => {
  const index = readFileSync(join(import.meta.dirname, "../src/index.ts"), "utf8");
  const exported = [...index.matchAll(/\b(?!type\b)(\w+)(?=,| \}|\n\})/g)].map(([name]) => name);
  const [, used = ""] = readFileSync(import.meta.filename, "utf8").split('from "../src/index.ts";');
  expect(exported).toContain("AuthClient");
  expect(exported.filter((name) => !new RegExp(`\\b${name}\\b`).test(used))).toEqual([]);
});
