import { displayKeyOf } from "../../core/passwords/account-names.ts";
import type {
  FoundUsers,
  KeyRange,
  SearchColumn,
  SearchPart,
  UserSearch,
} from "../../core/people/user-search.ts";
import { type Database, one, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import { isLocal, localUserOf, type UserRow, userColumns } from "./user-rows.ts";

/** Rows that one page examines, at most. A filter that few users pass would read the whole table for one page. */
const mostExamined = 5_000;

interface Place {
  readonly to: string;
  readonly afterKey: string;
  readonly afterId: string;
}

interface Filters {
  /** The role as it stands in the JSON of a row. */
  readonly role: string | null;
  readonly active: number | null;
  readonly verified: number | null;
}

/** Two ranges of user names and two of addresses that earlier branches have answered. An empty range has none. */
interface Answered {
  readonly nameFrom: string;
  readonly nameTo: string;
  readonly otherNameFrom: string;
  readonly otherNameTo: string;
  readonly emailFrom: string;
  readonly emailTo: string;
  readonly otherEmailFrom: string;
  readonly otherEmailTo: string;
}

// A value compared with null alone has no type that PostgreSQL could infer, hence the casts.
const passesFilters = `
  (cast(:role as text) is null or replace(users.roles, :role, '') != users.roles)
  and (cast(:active as bigint) is null or users.active = :active)
  and (cast(:verified as bigint) is null or case when users.email_verified_at is null then 0 else 1 end = :verified)`;

const isNew = `
  not (users.username_key >= :nameFrom and users.username_key < :nameTo)
  and not (users.username_key >= :otherNameFrom and users.username_key < :otherNameTo)
  and not (users.email_key >= :emailFrom and users.email_key < :emailTo)
  and not (users.email_key >= :otherEmailFrom and users.email_key < :otherEmailTo)`;

/** The two statements of a branch. Its index has the order of its results, so a page costs its own rows alone. */
function branchOf(column: string) {
  const rows = `from users
    where ${column} >= :afterKey and ${column} < :to and (${column}, id) > (:afterKey, :afterId)
    order by ${column}, id`;
  return {
    page: statement<Place & Filters & Answered & { limit: number }, UserRow & { key: string }>(`
      select ${userColumns}, users.${column} as key
      from (select * ${rows} limit ${mostExamined}) as users
      where ${isLocal} and ${passesFilters} and ${isNew}
      order by users.${column}, users.id limit :limit`),
    lastExamined: statement<Place, { key: string; id: string }>(`
      select ${column} as key, id ${rows} limit 1 offset ${mostExamined - 1}`),
  };
}

const branches: Record<SearchColumn, ReturnType<typeof branchOf>> = {
  username: branchOf("username_key"),
  email: branchOf("email_key"),
  displayName: branchOf("display_key"),
};

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
  const { page, lastExamined } = branches[part.column];
  const place: Place = {
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
  const users = rows.map(({ key: _, ...row }) => localUserOf(row));
  const last = rows.at(-1);
  if (last !== undefined && rows.length === part.limit)
    return { users, next: { key: last.key, id: last.id } };
  return { users, next: await one(database, lastExamined, place) };
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
