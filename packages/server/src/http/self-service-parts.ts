import type { MailLanguage } from "../core/mail/mail-kinds.ts";
import type { SelfService } from "../core/people/self-service.ts";
import type { TokenCheck } from "../core/stories/current-user.ts";
import type { OwnSessions } from "../core/stories/own-sessions.ts";

/** The stories of the own account, as the edge calls them. */
export interface SelfServiceOperations {
  readonly selfService: SelfService;
  readonly ownSessions: OwnSessions;
  /** Accepts the tokens of people's own logins alone. */
  readonly check: TokenCheck;
  /** The language of a mail if `Accept-Language` names none of the known ones. */
  readonly mailLanguage: MailLanguage;
}

/** The mount points of the login and the own account. */
export const mounts = ["/auth", "/api/v1/auth"] as const;
