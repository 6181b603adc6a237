import type { Fields, ImportedUser, RowProblem } from "../../../core/people/imported-user.ts";
import type { ColumnsProblem } from "../csv-columns.ts";

/** Reads the export of another product. */
export interface Converter {
  /** The product, as its makers write it. */
  readonly product: string;
  /** The key of the list of users, if the file is one JSON object. */
  readonly list?: string;
  /** The columns of its CSV files, or the refusal of every CSV file. */
  readonly columnsProblem: ColumnsProblem;
  /** The user of a row; undefined for a row that is left out, such as an account without a password login. */
  user(fields: Fields): ImportedUser | RowProblem | undefined;
  /** The id under which the second file has the hash of a user. Default: the product has no second file. */
  passwordKey?(fields: Fields): string | undefined;
  /** The id and the hash in a row of the second file; undefined for a row without a hash. */
  password?(fields: Fields): { readonly key: string; readonly hash: string } | undefined;
}

/** A text field; undefined if it is absent, empty or of another type. */
export function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A field that is an object. Default: an empty object. In a CSV file it is JSON. */
export function objectOf(fields: Fields, name: string): Fields {
  return objectIn(fields[name]);
}

/** A value as an object. Default: an empty object. A text is read as JSON. */
export function objectIn(value: unknown): Fields {
  const parsed = typeof value === "string" ? jsonIn(value) : value;
  return isFields(parsed) ? parsed : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a field is true, as JSON, SQLite and PostgreSQL write it. */
export function isTrue(fields: Fields, name: string): boolean {
  return /^(?:true|t|1)$/i.test(String(fields[name]));
}

/** A user name that Latchkey can take over: one with `@` is an e-mail address. */
export function usernameOf(name: string | undefined): string | undefined {
  return name?.includes("@") ? undefined : name;
}

/** The objects in a field that is a list. Default: none. */
export function objectsOf(fields: Fields, name: string): readonly Fields[] {
  const value = fields[name];
  return Array.isArray(value) ? value.map(objectIn) : [];
}
