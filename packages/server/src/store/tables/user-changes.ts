import type { ChangeTerms, LastAdministrator, PasswordTerms, Users } from "../../core/people/users.ts";
import { administratorRole } from "../../core/people/users.ts";
import { type Database, must, one, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import { forgetAddressSteps, signedUpSteps } from "./address-traces.ts";
import type { AuditWriter } from "./audit.ts";
import { erasureSteps } from "./erasures.ts";
import { linkEnding } from "./link-endings.ts";
import { linkSteps } from "./links.ts";
import type { SessionEndings } from "./session-endings.ts";
import { spendingStep } from "./spent-ids.ts";
import { isAdministrator, isLocal, type WrittenUser, writtenUser } from "./user-rows.ts";
import { userAsSeen } from "./user-terms.ts";

interface Terms {
  readonly id: string;
  readonly version: number | null;
  readonly revision: number | null;
}

/** The user of a change, if the terms are met. A value compared with null alone has no type, hence the casts. */
const isUser = `users.id = :id and ${isLocal}
  and (cast(:version as bigint) is null or users.version = :version)
  and (cast(:revision as bigint) is null or users.revision = :revision)`;

// Two concurrent changes would each see the other's administrator. In one order, so that no deadlock arises. A later
// statement of the transaction sees the changes that this one has waited for.
const lockAdministrators = statement<NoValues>(`
  select id from users where ${isAdministrator("users")} order by id for update`);

/** The condition of a change that must leave an active administrator, if the user is one. */
const leavesAdministrator = `(not (${isAdministrator("users")})
  or exists (select 1 from users as other where other.id != users.id and ${isAdministrator("other")}))`;

/** A statement with and without that condition. */
function byLast<Values extends object>(text: string) {
  return {
    "go on": statement<Values>(text),
    refuse: statement<Values>(`${text} and ${leavesAdministrator}`),
  };
}

/** A key is null if its name stays. */
interface ChangedKeys {
  readonly usernameKey: string | null;
  readonly emailKey: string | null;
}

type ChangedRow = WrittenUser & ChangedKeys;

// A concurrent change to the same names fails with a conflict on PostgreSQL, and its retry finds them taken.
const change = byLast<ChangedRow & Terms>(`
  update users set username = :username, email = :email,
    username_key = coalesce(cast(:usernameKey as text), username_key),
    email_key = coalesce(cast(:emailKey as text), email_key),
    display_name = :displayName, display_key = :displayKey, roles = :roles,
    must_change_password = :mustChangePassword, email_verified_at = :emailVerifiedAt, version = version + 1
  where ${isUser} and not exists (
    select 1 from users as other where other.id != :id
      and (other.username_key = :usernameKey or other.email_key = :emailKey))`);

const otherHolder = statement<ChangedKeys & { id: string }, { isName: number }>(`
  select case when username_key = :usernameKey then 1 else 0 end as "isName" from users
  where id != :id and (username_key = :usernameKey or email_key = :emailKey)
  order by "isName" desc limit 1`);

interface NewPassword extends Terms {
  readonly passwordHash: string;
  readonly mustChange: number;
  readonly verifiedAt: number | null;
  readonly at: number;
}

const setPassword = statement<NewPassword>(`
  update users set password_hash = :passwordHash, revision = revision + 1, version = version + 1,
    must_change_password = :mustChange, password_changed_at = :at,
    email_verified_at = coalesce(cast(:verifiedAt as bigint), email_verified_at)
  where ${isUser}`);

const enable = statement<Terms>(`
  update users set active = 1, revision = revision + 1, version = version + 1 where ${isUser}`);

const disable = byLast<Terms>(`
  update users set active = 0, revision = revision + 1, version = version + 1 where ${isUser}`);

// The names can be taken again at once. A login in flight is refused, because opening a session compares the revision.
const remove = byLast<Terms & { freeKey: string }>(`
  update users set active = 0, revision = revision + 1, version = version + 1, removed = 1,
    username_key = :freeKey, email_key = :freeKey, display_name = null, display_key = null
  where ${isUser}`);

const linksOf = linkEnding<{ id: string }>("user_id = :id");

/** Changes of users that are there. */
export type UserRowChanges = Pick<Users, "change" | "setPassword" | "setActive" | "remove" | "record">;

/** Changes of rows of `users`. */
export function userRowChanges(
  database: Database,
  audit: AuditWriter,
  endings: SessionEndings,
): UserRowChanges {
  const alone = (last: LastAdministrator | undefined) =>
    last === "refuse" && database.writers === "many" ? [step(lockAdministrators, {})] : [];
  const termsOf = (id: string, { version, revision }: ChangeTerms): Terms => ({
    id,
    version: version ?? null,
    revision: revision ?? null,
  });

  return {
    async change(user, events, terms = {}) {
      const { usernameKey = null, emailKey = null } = user;
      const row = { ...writtenUser(user), usernameKey, emailKey };
      // Names and marks of the last administrator can change.
      const last = user.roles.includes(administratorRole) ? "go on" : (terms.last ?? "go on");
      const at = Math.max(...events.map((event) => event.at));
      const changed = await audit.commit(
        [
          ...alone(last),
          must(change[last], { ...row, ...termsOf(user.id, terms) }),
          ...linkSteps(terms, at),
          ...(terms.outdateLinks ? linksOf({ id: user.id }) : []),
          ...(emailKey === null ? [] : signedUpSteps(user.email)),
        ],
        events,
        "ordinary",
        terms.mails,
      );
      if (changed) return "changed";
      const holder = await one(database, otherHolder, row);
      if (holder === undefined) return "outdated";
      return holder.isName === 1 ? "username_taken" : "email_taken";
    },
    setPassword(id, passwordHash, event, terms: PasswordTerms = {}) {
      const { mustChange = false, emailVerifiedAt = null, keepSession, keepSessions = false } = terms;
      const { at } = event;
      const values = {
        ...termsOf(id, terms),
        passwordHash,
        mustChange: mustChange ? 1 : 0,
        verifiedAt: emailVerifiedAt,
        at,
      };
      return audit.commit(
        [
          must(setPassword, values),
          ...(keepSessions ? [] : endings.begin(id, at, keepSession)),
          ...linkSteps(terms, at),
        ],
        [event],
        "urgent",
        terms.mails,
      );
    },
    setActive(id, active, event, terms = {}) {
      const { last = "go on" } = terms;
      const also = linkSteps(terms, event.at);
      if (active)
        return audit.commit([must(enable, termsOf(id, terms)), ...also], [event], "ordinary", terms.mails);
      const change = must(disable[last], termsOf(id, terms));
      const steps = [...alone(last), change, ...endings.begin(id, event.at), ...also];
      return audit.commit(steps, [event], "urgent", terms.mails);
    },
    remove(id, event, terms = {}) {
      const { last = "go on" } = terms;
      const removal = must(remove[last], { ...termsOf(id, terms), freeKey: `removed ${id}` });
      return audit.commit(
        [
          ...alone(last),
          removal,
          spendingStep(id),
          ...forgetAddressSteps(id),
          ...erasureSteps(id, event.at, terms.pseudonym),
          ...endings.beginRemoval(id, event.at),
          ...linkSteps(terms, event.at),
        ],
        [event],
        "urgent",
        terms.mails,
      );
    },
    record: (id, event, { version } = {}) => audit.commit([userAsSeen(id, version)], [event]),
  };
}
