import type { AuthClient, Call, CallOptions } from "../src/index.ts";

export type Verb = (auth: AuthClient, options?: CallOptions) => Call<unknown>;

/** Each call there is, as somebody makes it who has tokens of their own. */
export const verbs: Readonly<Record<"login" | "refresh" | "me" | "logout", Verb>> = {
  login: (auth, options) => auth.login({ username: "alice", password: "correct horse battery" }, options),
  refresh: (auth, options) => auth.refresh({ refreshToken: "refresh-token" }, options),
  me: (auth, options) => auth.me({ token: "access-token", ...options }),
  logout: (auth, options) => auth.logout({ token: "access-token", ...options }),
};

/** Calls whose doing twice is not the same as doing once. */
export const unrepeatable = [
  ["login", verbs.login],
  ["refresh", verbs.refresh],
] as const;

export const repeatable = [
  ["me", verbs.me],
  ["logout", verbs.logout],
] as const;

/** A success that every one of them can read. */
export const welcome = {
  id: "user:alice",
  username: "alice",
  email: "alice@example.com",
  access_token: "access-token",
  message: "Welcome",
};
