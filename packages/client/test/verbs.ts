import type { AuthClient, Call, CallOptions } from "../src/index.ts";

export type Verb = (auth: AuthClient, options?: CallOptions) => Call<unknown>;

/** Every call, with its own credentials or token. */
export const verbs: Readonly<Record<"login" | "refresh" | "me" | "logout", Verb>> = {
  login: (auth, options) => auth.login({ username: "alice", password: "correct horse battery" }, options),
  refresh: (auth, options) => auth.refresh({ refreshToken: "refresh-token" }, options),
  me: (auth, options) => auth.me({ token: "access-token", ...options }),
  logout: (auth, options) => auth.logout({ token: "access-token", ...options }),
};

/** Calls that are not idempotent. */
export const unrepeatable = [
  ["login", verbs.login],
  ["refresh", verbs.refresh],
] as const;

export const repeatable = [
  ["me", verbs.me],
  ["logout", verbs.logout],
] as const;

/** A body that is a success for every call. */
export const welcome = {
  id: "user:alice",
  username: "alice",
  email: "alice@example.com",
  access_token: "access-token",
  message: "Welcome",
};
