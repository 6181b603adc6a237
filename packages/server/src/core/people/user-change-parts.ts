import type { AuditTrail } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import type { MailLanguage } from "../mail/mail-kinds.ts";
import type { Passwords } from "../passwords/passwords.ts";
import type { PasswordRules } from "../passwords/policy.ts";
import type { Sessions } from "../stories/sessions.ts";
import type { Erasures, Pseudonyms } from "./erasures.ts";
import type { Exported } from "./export-user.ts";
import type { UserSearch } from "./user-search.ts";
import type { Users } from "./users.ts";

/** The parts of the changes of users. */
export interface UserChangeParts {
  readonly users: Users;
  readonly userSearch: UserSearch;
  readonly sessions: Pick<Sessions, "countLive" | "endAll">;
  readonly erasures: Pick<Erasures, "wasGiven" | "isRemoved" | "begin">;
  readonly pseudonymOf: Pseudonyms;
  readonly audit: AuditTrail;
  readonly passwords: Passwords;
  readonly passwordRules: PasswordRules;
  readonly clock: Clock;
  /** The language of notices to a user. Undefined without mail: then no notice is written. */
  readonly notices: MailLanguage | undefined;
  /** Waits until this process refuses the sessions that ended. A command has no tokens to refuse. */
  readonly refuseEnded: () => Promise<void>;
  /** Forgets the failures of an account in every counter. */
  readonly forgetFailures: (account: string) => Promise<void>;
  readonly exportUser: (user: Exported) => AsyncIterable<string>;
}
