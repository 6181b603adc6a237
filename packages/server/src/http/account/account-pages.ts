import type { AccountPage, AccountPageName, AccountParts } from "./account-parts.ts";
import type { AccountSite } from "./account-site.ts";
import { confirmForm, joinForm, resetForm } from "./link-forms.ts";
import { linkPages } from "./link-pages.ts";
import { overviewPages, sessionsPages, signOutPages } from "./overview-pages.ts";
import { emailPages, passwordPages, verifyPages } from "./own-account-pages.ts";
import { signInPages } from "./sign-in-pages.ts";
import { signedInHandlers } from "./signed-in.ts";
import { forgotPages, signUpPages } from "./stranger-pages.ts";

/** Every account page, by its name. */
export function accountPagesOf(
  site: AccountSite,
  parts: AccountParts,
): Readonly<Record<AccountPageName, AccountPage>> {
  const signedIn = signedInHandlers(site, parts.browsers);
  return {
    overview: overviewPages(site, signedIn, parts),
    signIn: signInPages(site, parts),
    signOut: signOutPages(site, parts),
    sessions: sessionsPages(site, signedIn, parts),
    password: passwordPages(site, signedIn, parts),
    email: emailPages(site, signedIn, parts),
    verify: verifyPages(site, signedIn, parts),
    forgot: forgotPages(site, parts),
    reset: linkPages(site, parts, resetForm(site, parts)),
    confirm: linkPages(site, parts, confirmForm(site, parts)),
    signUp: signUpPages(site, parts),
    join: linkPages(site, parts, joinForm(site, parts)),
  };
}
