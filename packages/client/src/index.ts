export type { Issue } from "./answer.ts";
export type { StoreFailure } from "./buffered-store.ts";
export type { Call, Result } from "./call.ts";
export { AuthClient, type Credentials } from "./client.ts";
export {
  APIError,
  AuthError,
  BadRequestError,
  ConnectionError,
  ForbiddenError,
  isKnownError,
  type KnownError,
  NotFoundError,
  RateLimitError,
  RequestAbortedError,
  RequestTimeoutError,
  ResponseValidationError,
  ServerError,
  SignedOutError,
  UnauthorizedError,
  ValidationError,
} from "./errors.ts";
export type { CallOptions, ClientOptions, Logger, Middleware } from "./options.ts";
export { dbrsdkRetry, defaultRetry, mcpClientRetry, type RetryOptions } from "./retry.ts";
export type { SessionEnd } from "./session.ts";
export { localStorageStore, memoryStore, type TokenStore } from "./stores.ts";
export type { RefreshGrant, TokenSet } from "./tokens.ts";
export type { LoginResponse, LogoutResponse, RefreshTokenResponse, User } from "./wire.ts";
