import type { SteadyClock } from "../../core/clock.ts";
import type { CheckRequest } from "../../core/oauth/authorization-request.ts";
import type { Broker } from "../../core/oauth/broker.ts";
import type { SelfService } from "../../core/people/self-service.ts";
import type { Authorize, Deny } from "../../core/stories/authorize.ts";
import type { LogSink } from "../error-answers.ts";

/** The part of a person's own account that the sign-in page needs. */
export interface OwnAccountParts {
  readonly selfService: Pick<SelfService, "changePasswordAtSignIn" | "mail" | "signUpBy">;
  /** Whether the server serves the account pages. */
  readonly pages: boolean;
  /** The shortest new password, in characters. */
  readonly passwordMinLength: number;
}

/** The stories behind the sign-in page. */
export interface AuthorizePageParts {
  /** The public URL of this server. */
  readonly issuer: string;
  readonly checkRequest: CheckRequest;
  readonly authorize: Authorize;
  readonly deny: Deny;
  /** Signs people in at an identity provider, instead of by a password here. */
  readonly broker?: Broker | undefined;
  /** The own account, for a password that must be changed. Undefined with the users of a realm. */
  readonly ownAccount?: OwnAccountParts | undefined;
  readonly steady: SteadyClock;
  readonly log: LogSink;
}
