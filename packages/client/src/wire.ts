import { type Fields, fieldsOf, orUndefined, textIn } from "./fields.ts";

/**
 * The signed-in user, as `me` and `login` return it.
 *
 * @example const greeting = ({ displayName, username }: User) => `Hello ${displayName ?? username}`;
 */
export interface User {
  /** Such as `user:alice`. */
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly displayName: string | null;
  /** Whether the account may be used (`active_status`). */
  readonly activeStatus: boolean;
  /** Whether the server's pages ask for a new password (`must_change_password`). `me` sends it, `login` does not. */
  readonly mustChangePassword: boolean;
  /** Empty if the server does not send roles. */
  readonly roles: readonly string[];
}

/**
 * The response to a refresh.
 *
 * @example const { accessToken, expiresIn }: RefreshTokenResponse = await auth.refresh({ currentToken });
 */
export interface RefreshTokenResponse {
  readonly accessToken: string;
  /** `bearer`. */
  readonly tokenType: string;
  /** The lifetime of the access token, in seconds. */
  readonly expiresIn: number | undefined;
  /** Undefined if the server sends none, as after a refresh with an access token. */
  readonly refreshToken: string | undefined;
}

/**
 * The response to a login. Fields that a server does not send are `undefined`.
 *
 * @example const { userId, roles }: LoginResponse = await auth.login({ username, password });
 */
export interface LoginResponse extends RefreshTokenResponse {
  readonly userId: string | undefined;
  readonly username: string | undefined;
  readonly roles: readonly string[];
  readonly user: User | undefined;
}

/**
 * The response to a logout.
 *
 * @example const { message }: LogoutResponse = await auth.logout();
 */
export interface LogoutResponse {
  readonly message: string;
}

/** Reads a `RefreshTokenResponse`. @throws an error with the name of a missing field */
export function readTokens(body: unknown): RefreshTokenResponse {
  const fields = fieldsOf(body);
  const { expires_in } = fields;
  return {
    accessToken: text(fields, "access_token"),
    tokenType: textIn(fields, "token_type") ?? "bearer",
    expiresIn: typeof expires_in === "number" && expires_in >= 0 ? expires_in : undefined,
    refreshToken: textIn(fields, "refresh_token"),
  };
}

/** Reads a `LoginResponse`. @throws an error with the name of a missing field */
export function readLogin(body: unknown): LoginResponse {
  const fields = fieldsOf(body);
  const user = fieldsOf({ roles: fields["roles"], ...fieldsOf(fields["user"]) });
  return {
    ...readTokens(body),
    userId: textIn(fields, "user_id") ?? textIn(user, "id"),
    username: textIn(fields, "username") ?? textIn(user, "username"),
    roles: texts(fields["roles"] ?? user["roles"]),
    // One of the published documents allows any object here.
    user: orUndefined(() => readUser(user)),
  };
}

/** Reads a `CurrentUserInfo`. @throws an error with the name of a missing field */
export function readUser(body: unknown): User {
  const fields = fieldsOf(body);
  return {
    id: text(fields, "id"),
    username: text(fields, "username"),
    email: text(fields, "email"),
    displayName: textIn(fields, "display_name") ?? null,
    activeStatus: fields["active_status"] !== false,
    mustChangePassword: fields["must_change_password"] === true,
    roles: texts(fields["roles"]),
  };
}

/** Reads a `LogoutResponse`. The body may be empty. */
export function readLogout(body: unknown): LogoutResponse {
  return { message: textIn(fieldsOf(body), "message") ?? "" };
}

function text(fields: Fields, name: string): string {
  const value = textIn(fields, name);
  if (!value) throw new Error(name);
  return value;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
