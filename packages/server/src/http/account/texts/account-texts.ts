import type { Html } from "../../pages/markup.ts";

/** The texts of a page with one form. */
interface FormTexts {
  readonly title: string;
  readonly submit: string;
}

/** The texts of a page that reports a result. */
interface ResultTexts {
  readonly title: string;
  readonly text: string;
}

/** Every text of the account pages, in one language. Sentences are short and plain. */
export interface AccountTexts {
  readonly signIn: FormTexts & {
    /** With the fields of a new password. */
    readonly submitChange: string;
  };
  readonly overview: {
    readonly title: string;
    readonly username: string;
    readonly name: string;
    readonly noName: string;
    readonly email: string;
    /** Nobody has proved yet that the address belongs to the user. */
    readonly unverified: string;
    readonly verify: string;
    readonly changePassword: string;
    readonly changeEmail: string;
    readonly signOut: string;
    readonly sessions: string;
    readonly sessionsLead: string;
    readonly thisBrowser: string;
    /** A session of the user's own login, without an application. */
    readonly ownLogin: string;
    readonly begun: (time: Html) => Html;
    readonly lastUsed: (time: Html) => Html;
    /** @param address of the network that opened the session */
    readonly from: (address: Html) => Html;
    readonly end: string;
    /** The same for screen readers, which read the buttons without the list. */
    readonly endNamed: (session: string, begun: string) => string;
    readonly endOthers: string;
    /** @param count of further sessions, which the page leaves out */
    readonly more: (count: string) => string;
  };
  readonly password: FormTexts & {
    readonly current: string;
    readonly endOthers: string;
    readonly done: ResultTexts;
    readonly othersEnded: string;
  };
  readonly email: FormTexts & {
    readonly lead: (address: Html) => Html;
    readonly next: string;
    readonly sentTitle: string;
    readonly sent: (address: Html) => Html;
  };
  readonly verify: { readonly title: string; readonly sent: (address: Html) => Html };
  readonly forgot: FormTexts & { readonly lead: string; readonly sent: ResultTexts };
  readonly reset: FormTexts & { readonly lead: (address: Html) => Html; readonly done: ResultTexts };
  readonly confirm: FormTexts & {
    readonly lead: (address: Html, username: Html) => Html;
    readonly doneTitle: string;
    readonly done: (address: Html, username: Html) => Html;
  };
  readonly signUp: FormTexts & {
    readonly lead: string;
    readonly email: string;
    /** @param domains of addresses that can sign up: `a.example or b.example` */
    readonly domains: (domains: string) => string;
    readonly sent: ResultTexts;
  };
  readonly join: FormTexts & {
    readonly lead: (address: Html) => Html;
    readonly username: string;
    readonly name: string;
    readonly nameHint: string;
    readonly password: string;
    readonly again: string;
    readonly done: ResultTexts;
  };
  /** The spam folder, after a mail was sent. */
  readonly mailAdvice: string;
  readonly links: { readonly account: string; readonly signIn: string; readonly forgot: string };
  /** The browser is led on, because it hides the cookie from a page that another site leads to. */
  readonly onward: { readonly title: string; readonly link: string };
  readonly errors: {
    readonly currentPassword: string;
    readonly missing: {
      readonly currentPassword: string;
      readonly email: string;
      readonly username: string;
    };
    readonly badEmail: string;
    readonly emailTaken: string;
    readonly badUsername: string;
    /** Strangers with an address of this domain cannot sign up. */
    readonly foreignDomain: string;
    readonly usernameTaken: string;
    readonly badName: string;
    readonly sameEmail: string;
  };
}
