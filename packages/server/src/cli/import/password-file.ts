import { DatabaseSync } from "node:sqlite";
import { CommandProblem } from "../failures.ts";
import type { Converter } from "./products/converter.ts";
import { readRecords } from "./records.ts";

/** Rows in one transaction. */
const batch = 10_000;

/**
 * The password hashes in a second file, by the id of their user. They are in a temporary database of SQLite: it has no
 * name, is removed when it is closed, and keeps the memory flat.
 */
export class PasswordFile implements Disposable {
  readonly #database = new DatabaseSync("");
  readonly #find;

  private constructor() {
    this.#database.exec(
      "create table hashes (id text primary key, hash text not null) strict, without rowid",
    );
    this.#find = this.#database.prepare("select hash from hashes where id = ?");
  }

  /** @throws {CommandProblem} if the file cannot be read, or no row of it has a password */
  static async read(file: string, { product, password }: Converter): Promise<PasswordFile> {
    if (password === undefined)
      throw new CommandProblem(`an export of ${product} has no second file: leave out --passwords`);
    const passwords = new PasswordFile();
    const add = passwords.#database.prepare("insert or replace into hashes (id, hash) values (?, ?)");
    let rows = 0;
    passwords.#database.exec("begin");
    for await (const record of readRecords(file, {})) {
      const found = "problem" in record ? undefined : password(record.fields);
      if (found === undefined) continue;
      add.run(found.key, found.hash);
      if (++rows % batch === 0) passwords.#database.exec("commit; begin");
    }
    passwords.#database.exec("commit");
    if (rows > 0) return passwords;
    passwords[Symbol.dispose]();
    throw new CommandProblem(`${file} has no password of ${product}: check which file is which`);
  }

  /** The hash of a user; undefined for a user without one. */
  hashOf(id: string): string | undefined {
    const hash = this.#find.get(id)?.["hash"];
    return typeof hash === "string" ? hash : undefined;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
