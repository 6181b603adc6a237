import type { PasswordRules } from "../core/passwords/policy.ts";
import type { SelfService } from "../core/people/self-service.ts";
import { createBrowserSessions } from "../core/stories/browser-sessions.ts";
import { refusingMustChange } from "../core/stories/must-change.ts";
import type { OwnSessions } from "../core/stories/own-sessions.ts";
import { createAuthenticate, createSignIn, type SignInParts } from "../core/stories/sign-in.ts";
import { AccountCookies } from "../core/tokens/account-cookies.ts";
import type { AccountParts } from "../http/account/account-parts.ts";
import type { Foundation, Keys } from "./keys.ts";

/** The parts that the account pages are composed with. */
export interface AccountComposition extends Foundation {
  readonly keys: Keys;
  /** The parts of a login over the API. */
  readonly signIn: SignInParts;
  readonly selfService: SelfService;
  readonly ownSessions: OwnSessions;
  /** The rules for new passwords. */
  readonly passwordRules: Pick<PasswordRules, "minLength">;
}

/** Composes the account pages. */
export function composeAccount(parts: AccountComposition): AccountParts {
  const { config, issuer, store, clock, steady, log, keys } = parts;
  const { signIn, selfService, ownSessions, passwordRules } = parts;
  // A session of a browser ends with its cookie, so none of them stays behind.
  const max = Math.min(signIn.settings.max, config.accessTokenTtl);
  const settings = { ...signIn.settings, max, idle: Math.min(signIn.settings.idle, max) };
  const { first, others } = keys.keyring;
  const browsers = createBrowserSessions({
    ...{ ...keys, clock, sessions: store.sessions, users: store.users },
    signIn: createSignIn({ ...signIn, settings }, refusingMustChange(createAuthenticate(signIn))),
    cookies: new AccountCookies(first, ...others),
  });
  const signUpDomains = typeof config.signUp === "string" ? [] : config.signUp;
  const passwordMinLength = passwordRules.minLength;
  return { issuer, browsers, selfService, ownSessions, passwordMinLength, signUpDomains, steady, log };
}
