import { displayKeyOf } from "../../core/passwords/account-names.ts";
import type { FoundUsers, KeyRange, SearchPart, UserSearch } from "../../core/people/user-search.ts";
import { type Database, one, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import { type Answered, type PagePlace, type UserScope, userPages } from "./user-pages.ts";
import { localUserOf } from "./user-rows.ts";

/** Users that one change completes. */
const completedAtOnce = 500;

const withoutKey = statement<NoValues, { id: string; displayName: string }>(`
  select id, display_name as "displayName" from users
  where issuer is null and display_key is null and display_name is not null limit ${completedAtOnce}`);

const setKey = statement<{ id: string; displayName: string; key: string }>(`
  update users set display_key = :key where id = :id and display_name = :displayName and display_key is null`);

/** The table `users`, searched. */
export function userSearch(database: Database): UserSearch {
  return {
    read: (part) => readPart(database, part),
    async completeKeys() {
      for (;;) {
        const rows = await database.all(withoutKey, {});
        if (rows.length === 0) return;
        const steps = rows.map((row) => step(setKey, { ...row, key: displayKeyOf(row.displayName) }));
        await database.commit(steps);
      }
    },
  };
}

async function readPart(database: Database, part: SearchPart): Promise<FoundUsers> {
  const { page, last } = userPages[part.column][scopeOf(part)];
  const place: PagePlace = {
    to: part.range.to,
    afterKey: part.after?.key ?? part.range.from,
    afterId: part.after?.id ?? "",
  };
  const filters = {
    role: part.role === undefined ? null : JSON.stringify(part.role),
    active: truth(part.active),
    verified: truth(part.verified),
  };
  const values = { ...place, ...filters, ...answeredOf(part), limit: part.limit };
  const rows = await database.all(page, values);
  const users = rows
    .filter(({ isFound }) => isFound === 1)
    .map(({ key: _, isFound: __, ...row }) => localUserOf(row));
  const end = rows.at(-1);
  if (end === undefined) return { users, next: undefined };
  const next = { key: end.key, id: end.id };
  // The end of the page is behind its last user, so users that are added meanwhile are neither skipped nor repeated.
  const isWhole = rows.length < part.limit && end.isFound === 1 && !(await one(database, last, place));
  return { users, next: isWhole ? undefined : next };
}

function scopeOf({ active, role }: SearchPart): UserScope {
  if (active === false) return "disabled";
  return role === undefined || role === "user" ? "everybody" : "withRoles";
}

function truth(value: boolean | undefined): number | null {
  return value === undefined ? null : Number(value);
}

const none: KeyRange = { from: "", to: "" };

function answeredOf({ answered: { username, email } }: SearchPart): Answered {
  const [name = none, otherName = none] = username;
  const [address = none, otherAddress = none] = email;
  return {
    nameFrom: name.from,
    nameTo: name.to,
    otherNameFrom: otherName.from,
    otherNameTo: otherName.to,
    emailFrom: address.from,
    emailTo: address.to,
    otherEmailFrom: otherAddress.from,
    otherEmailTo: otherAddress.to,
  };
}
