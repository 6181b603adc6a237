import { noPassword } from "../passwords/foreign-hash.ts";
import { parseForeignHash } from "../passwords/parse-foreign-hash.ts";

/** A user of another system. */
export interface ImportedUser {
  /** Default: made from the user name, as for any other new user. */
  readonly id: string | undefined;
  /** Default: made from the e-mail address. */
  readonly username: string | undefined;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly displayName: string | null;
  /** Default: the roles of the command line, else `user`. */
  readonly roles: readonly string[] | undefined;
  readonly disabled: boolean;
  /** The stored form of a foreign hash; undefined for a user without a password. */
  readonly passwordHash: string | undefined;
  /** Milliseconds since the epoch. Default: the time of the import. */
  readonly createdAt: number | undefined;
  readonly mustChangePassword: boolean;
}

/** The reason why a row is not imported, as one line. It never holds a hash. */
export interface RowProblem {
  readonly problem: string;
}

/** The fields of a row: a JSON object, or a line of CSV under the names of the first line. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a user in Latchkey's own form. */
export const importFields = [
  "id",
  "username",
  "email",
  "email_verified",
  "display_name",
  "roles",
  "disabled",
  "password_hash",
  "created_at",
  "must_change",
] as const;

type ImportField = (typeof importFields)[number];

/** A value that a field cannot have. */
class FieldProblem extends Error {}

/** Reads a user in Latchkey's own form. Empty texts and nulls are absent fields. */
export function readImportedUser(fields: Fields): ImportedUser | RowProblem {
  const unknown = Object.keys(fields).find((name) => !importFields.some((known) => known === name));
  if (unknown !== undefined)
    return { problem: `unknown field${shownFieldName(unknown)}: the fields are ${importFields.join(", ")}` };
  const value = (name: ImportField) => {
    const found = fields[name];
    return found === "" || found === null ? undefined : found;
  };
  try {
    return {
      id: idIn(value("id")),
      username: textIn("username", value("username")),
      email: textIn("email", value("email")) ?? fail("email", "is missing: every user needs an address"),
      emailVerified: truthIn("email_verified", value("email_verified")),
      displayName: textIn("display_name", value("display_name")) ?? null,
      roles: rolesIn(value("roles")),
      disabled: truthIn("disabled", value("disabled")),
      passwordHash: hashIn(value("password_hash")),
      createdAt: timeIn(value("created_at")),
      mustChangePassword: truthIn("must_change", value("must_change")),
    };
  } catch (error) {
    if (error instanceof FieldProblem) return { problem: error.message };
    throw error;
  }
}

/** A field in a message, if its name can be no hash or password. A file without names begins with values. */
export function shownFieldName(name: string): string {
  return /^[a-z][a-z_ -]{0,39}$/i.test(name) ? ` ${name}` : "";
}

/** A user with the hash that a second file has for them. */
export function withPassword(user: ImportedUser, text: string): ImportedUser | RowProblem {
  const hash = parseForeignHash(text);
  if ("problem" in hash) return { problem: `the password cannot be checked: ${hash.problem}` };
  return { ...user, passwordHash: hash.text };
}

function fail(name: ImportField, problem: string): never {
  throw new FieldProblem(`${name} ${problem}`);
}

/** The longest text of a field. Longer names would take long to normalise. */
const longestText = 1024;

function textIn(name: ImportField, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") return fail(name, "must be a text");
  return value.length <= longestText
    ? value
    : fail(name, `must not be longer than ${longestText} characters`);
}

/** Ids of this form are Latchkey's own, in the audit trail. */
const reserved = /^(?:unknown|erased):/;

function idIn(value: unknown): string | undefined {
  const id = typeof value === "number" ? String(value) : textIn("id", value);
  if (id === undefined) return undefined;
  if (!/^[!-~]{1,200}$/.test(id)) fail("id", "must have 1 to 200 visible ASCII characters without spaces");
  if (reserved.test(id)) fail("id", "must not begin with unknown: or erased:");
  return id;
}

function truthIn(name: ImportField, value: unknown): boolean {
  if (value === undefined || value === false || /^(?:false|f|0)$/i.test(String(value))) return false;
  if (value === true || /^(?:true|t|1)$/i.test(String(value))) return true;
  return fail(name, "must be true or false");
}

function rolesIn(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") return value.split(/\s+/).filter((role) => role !== "");
  if (!Array.isArray(value)) return fail("roles", "must be a list of texts, or words apart by spaces");
  return value.map((role: unknown) => (typeof role === "string" ? role : fail("roles", "must be texts")));
}

function hashIn(value: unknown): string | undefined {
  const text = textIn("password_hash", value);
  // Django writes `!` and random characters for an account without a password.
  if (text === undefined || text.startsWith(noPassword)) return undefined;
  const hash = parseForeignHash(text);
  return "problem" in hash ? fail("password_hash", `cannot be checked: ${hash.problem}`) : hash.text;
}

/** The latest time that a date can have. */
const latest = 8.64e15;

function timeIn(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const isNumber = typeof value === "number" || /^\d{10,16}$/.test(String(value));
  const time = isNumber ? Number(value) : timeOf(String(value));
  if (Number.isInteger(time) && time >= 0 && time <= latest) return time;
  return fail("created_at", "must be a time such as 2026-03-01T12:30Z, or milliseconds since 1970");
}

/**
 * A time in ISO 8601, in milliseconds since the epoch; NaN for another text. Databases write a space before the time,
 * and a zone of hours alone. A time without a zone is in UTC.
 */
export function timeOf(text: string): number {
  const time = text.replace(/^(\d{4}-\d\d-\d\d) /, "$1T").replace(/(T.*[+-]\d\d)$/, "$1:00");
  return Date.parse(/T[\d:.]+$/.test(time) ? `${time}Z` : time);
}
