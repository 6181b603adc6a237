import type { PasswordAdvice } from "../../../core/passwords/password-problem.ts";
import type { Html } from "../markup.ts";

/** A refusal in words for people: the problem, and the way out. */
export interface RefusalText {
  readonly title: string;
  readonly advice: string;
}

/**
 * Every text of every page, in one language. Sentences are short and plain. A parameter of type `Html` is markup
 * around a value, so a language can place it anywhere in its sentence.
 */
export interface Texts {
  /** The title of a page that reports an error. Screen readers read it first. */
  readonly errorTitle: (title: string) => string;
  readonly start: {
    readonly version: (version: string) => string;
    readonly purpose: string;
    readonly docsAreOff: string;
    readonly docs: readonly [name: string, meaning: string];
    readonly openapi: readonly [name: string, meaning: string];
    readonly health: readonly [name: string, meaning: string];
    readonly guide: readonly [name: string, meaning: string];
  };
  readonly signIn: {
    /** @param site the host of this server */
    readonly title: (site: string) => string;
    readonly heading: (application: Html) => Html;
    readonly lead: string;
    readonly application: string;
    /** The voucher for the application's name. */
    readonly vouchedBy: {
      readonly operator: string;
      readonly document: (host: Html) => Html;
      readonly nobody: string;
    };
    readonly access: string;
    /** The server's own tools, as a resource. An administrator gives a client the administrators' tools as well. */
    readonly ownTools: string;
    readonly rights: string;
    /** The rights of an application that asked for none in particular. */
    readonly allRights: string;
    readonly returnsTo: string;
    /** A program on the person's device receives the answer. */
    readonly deviceTarget: string;
    readonly deviceWarning: string;
    /** Nobody here vouches for the web address that receives the answer. */
    readonly webWarning: (host: Html) => Html;
    readonly username: string;
    readonly password: string;
    readonly allow: string;
    readonly deny: string;
    /** Links to the account pages. */
    readonly forgot: string;
    readonly signUp: string;
    readonly errors: {
      readonly missingUsername: string;
      readonly missingPassword: string;
      readonly wrongPassword: string;
      readonly accountDisabled: string;
      readonly accountSetup: string;
      readonly tokenTooLarge: string;
      /** @param time until the next attempt, such as `3 minutes` */
      readonly tooMany: (time: string) => string;
      readonly busy: string;
    };
  };
  readonly newPassword: {
    /** The owner signs in, and must choose a new password first. */
    readonly mustChange: string;
    readonly label: string;
    readonly again: string;
    /** @param characters of the shortest password */
    readonly hint: (characters: string) => string;
    readonly missing: string;
    readonly notTheSame: string;
    /** Why a new password is refused. @param bound the shortest or the longest password */
    readonly refused: {
      readonly tooShort: (bound: string) => string;
      readonly tooLong: (bound: string) => string;
      readonly ownName: string;
      readonly unchanged: string;
      readonly common: string;
      readonly guessable: string;
      readonly breached: string;
    };
    /** Sentences that follow `guessable`. */
    readonly advice: Readonly<Record<PasswordAdvice, string>>;
  };
  /** Sign-in at an identity provider, by the provider's name. */
  readonly provider: {
    readonly lead: (provider: Html) => Html;
    readonly continueTo: (provider: Html) => Html;
    readonly goingTo: (provider: Html, host: Html) => Html;
  };
  readonly onward: {
    readonly allowedTitle: string;
    readonly deniedTitle: string;
    readonly goingTo: (application: Html, host: Html) => Html;
    readonly link: (application: Html) => Html;
    readonly close: string;
  };
  readonly refusals: {
    readonly unknownClient: RefusalText;
    readonly redirectUri: RefusalText;
    readonly descriptionUnavailable: RefusalText;
    readonly foreignForm: RefusalText;
    readonly staleSignIn: RefusalText;
    /** The address has a name that the server does not answer to. */
    readonly wrongName: RefusalText;
    readonly badRequest: RefusalText;
    /** A form of the account pages that no page of this server sends. */
    readonly badForm: RefusalText;
    readonly invalidLink: RefusalText;
    readonly notFound: RefusalText;
    readonly tooMany: RefusalText;
    readonly busy: RefusalText;
    readonly internal: RefusalText;
  };
  readonly refusal: {
    readonly tryAgain: string;
    /** Before a link to an address that nobody here vouches for. */
    readonly uncheckedAddress: (host: Html) => Html;
    readonly back: (host: Html) => Html;
    /** For an operator or a developer. @param id names the request in the log. @param code the error code */
    readonly request: (id: string, code: string) => string;
  };
}
