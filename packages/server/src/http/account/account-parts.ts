import type { FastifyReply, FastifyRequest } from "fastify";
import type { SteadyClock } from "../../core/clock.ts";
import type { SelfService } from "../../core/people/self-service.ts";
import type { BrowserSessions } from "../../core/stories/browser-sessions.ts";
import type { OwnSessions } from "../../core/stories/own-sessions.ts";
import type { LogSink } from "../error-answers.ts";
import type { Form } from "../oauth/form-body.ts";

/** The stories behind the account pages, and the facts that the pages show. */
export interface AccountParts {
  /** The public URL of this server. */
  readonly issuer: string;
  readonly browsers: BrowserSessions;
  readonly selfService: SelfService;
  readonly ownSessions: OwnSessions;
  /** The shortest new password, in characters. */
  readonly passwordMinLength: number;
  /** Domains. A stranger with an address of one of them can sign up. */
  readonly signUpDomains: readonly string[];
  readonly steady: SteadyClock;
  readonly log: LogSink;
}

/** A request to an account page. The body of a form has been read. */
export type AccountRequest = FastifyRequest<{ Body: Form | undefined }>;

/** Answers a request to an account page. */
export type AccountHandler = (request: AccountRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** The handlers of one path. GET changes nothing. */
export interface AccountPage {
  readonly get: AccountHandler;
  readonly post: AccountHandler;
}

/** The pages by the name behind `/account/`. `overview` is the page at `/account` itself. */
export const accountPages = {
  overview: "/account",
  signIn: "/account/sign-in",
  signOut: "/account/sign-out",
  sessions: "/account/sessions",
  password: "/account/password",
  email: "/account/email",
  verify: "/account/verify",
  forgot: "/account/forgot",
  reset: "/account/reset",
  confirm: "/account/confirm",
  signUp: "/account/sign-up",
  join: "/account/join",
} as const;

/** The name of an account page. */
export type AccountPageName = keyof typeof accountPages;

/** Password managers open this address (https://w3c.github.io/webappsec-change-password-url/). */
export const changePassword = "/.well-known/change-password";

/** The name of a link token in a query and in a form. */
export const linkParameter = "link";

/** A parameter of a query. Undefined if it is missing or was sent twice. */
export function textIn(query: unknown, name: string): string | undefined {
  const value: unknown = typeof query === "object" && query !== null ? Reflect.get(query, name) : undefined;
  return typeof value === "string" ? value : undefined;
}
