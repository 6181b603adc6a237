import { describe, expectTypeOf, test } from "vitest";
import { fileStore } from "../src/file.ts";
import {
  type APIError,
  AuthClient,
  type AuthError,
  type BadRequestError,
  type Call,
  type CallOptions,
  type ClientOptions,
  type Credentials,
  dbrsdkRetry,
  defaultRetry,
  type ForbiddenError,
  type Issue,
  isKnownError,
  type KnownError,
  type LoginResponse,
  type LogoutResponse,
  localStorageStore,
  type Middleware,
  mcpClientRetry,
  memoryStore,
  type RateLimitError,
  type RefreshGrant,
  type RefreshTokenResponse,
  type Result,
  type RetryOptions,
  type SessionEnd,
  type TokenStore,
  type UnauthorizedError,
  type User,
  type ValidationError,
} from "../src/index.ts";

/** Held by the type checker; running them proves nothing more. */
const auth = new AuthClient();

describe("the client", () => {
  test("takes no options, or any of those that there are", () => {
    expectTypeOf<[]>().toExtend<ConstructorParameters<typeof AuthClient>>();
    expectTypeOf<[ClientOptions]>().toExtend<ConstructorParameters<typeof AuthClient>>();
    expectTypeOf<keyof ClientOptions>().toEqualTypeOf<keyof CallOptions | "store">();
  });

  test("its four calls", () => {
    expectTypeOf(auth.login).toEqualTypeOf<
      (credentials: Credentials, options?: CallOptions) => Call<LoginResponse>
    >();
    expectTypeOf(auth.refresh).toEqualTypeOf<
      (grant: RefreshGrant, options?: CallOptions) => Call<RefreshTokenResponse>
    >();
    expectTypeOf(auth.me).toEqualTypeOf<(options?: CallOptions) => Call<User>>();
    expectTypeOf(auth.logout).toEqualTypeOf<(options?: CallOptions) => Call<LogoutResponse>>();
  });

  test("its token, its fetch and its life", () => {
    expectTypeOf(auth.token).toEqualTypeOf<
      (options?: { readonly signal?: AbortSignal | undefined }) => Promise<string>
    >();
    expectTypeOf(auth.fetch).toExtend<typeof fetch>();
    expectTypeOf(auth.with).toEqualTypeOf<(options: ClientOptions) => AuthClient>();
    expectTypeOf(auth.close).toEqualTypeOf<() => void>();
    expectTypeOf(auth.onSessionEnd).toEqualTypeOf<(listener: (end: SessionEnd) => void) => () => void>();
    expectTypeOf<AuthClient>().toExtend<AsyncDisposable>();
  });
});

test("a grant is a refresh token or a current token, never both and never none", () => {
  expectTypeOf<{ refreshToken: string }>().toExtend<RefreshGrant>();
  expectTypeOf<{ currentToken: string }>().toExtend<RefreshGrant>();
  expectTypeOf<{ refreshToken: string; currentToken: string }>().not.toExtend<RefreshGrant>();
  expectTypeOf<Record<never, never>>().not.toExtend<RefreshGrant>();
});

test("a call is a promise with three more ways to look at it", () => {
  expectTypeOf<Call<User>>().toExtend<Promise<User>>();
  expectTypeOf<Call<User>["result"]>().toEqualTypeOf<() => Promise<Result<User>>>();
  expectTypeOf<Call<User>["withResponse"]>().returns.resolves.toEqualTypeOf<{
    readonly data: User;
    readonly response: Response;
  }>();
  expectTypeOf<Call<User>["asResponse"]>().returns.resolves.toEqualTypeOf<Response>();
});

test("a result is looked at through ok", () => {
  const look = (result: Result<User>) => (result.ok ? result.value : result.error);
  expectTypeOf(look).returns.toEqualTypeOf<User | KnownError>();
});

test("answers tell what only some servers send", () => {
  expectTypeOf<LoginResponse["accessToken"]>().toEqualTypeOf<string>();
  expectTypeOf<LoginResponse["expiresIn"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<LoginResponse["refreshToken"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<LoginResponse["roles"]>().toEqualTypeOf<readonly string[]>();
  expectTypeOf<LoginResponse["user"]>().toEqualTypeOf<User | undefined>();
  expectTypeOf<User["displayName"]>().toEqualTypeOf<string | null>();
  expectTypeOf<LogoutResponse>().toEqualTypeOf<{ readonly message: string }>();
});

test("errors narrow by kind, and a switch over all of them is exhaustive", () => {
  const told = (error: KnownError): string | number | undefined => {
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
  expectTypeOf(told).parameter(0).toEqualTypeOf<KnownError>();
});

test("what a catch got narrows to the errors that there are", () => {
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

test("stores, presets and middleware", () => {
  expectTypeOf(memoryStore).toEqualTypeOf<() => TokenStore>();
  expectTypeOf(localStorageStore).toEqualTypeOf<(key?: string) => TokenStore>();
  expectTypeOf(fileStore).toEqualTypeOf<(path: string) => TokenStore>();
  for (const preset of [defaultRetry, dbrsdkRetry, mcpClientRetry]) {
    expectTypeOf(preset).toEqualTypeOf<RetryOptions>();
  }
  expectTypeOf<Middleware>().toEqualTypeOf<
    (request: Request, next: (request: Request) => Promise<Response>) => Promise<Response>
  >();
  expectTypeOf<Partial<RetryOptions> | false | undefined>().toExtend<CallOptions["retry"]>();
  expectTypeOf<{ timeout: number | undefined; signal: AbortSignal | undefined }>().toExtend<CallOptions>();
});
