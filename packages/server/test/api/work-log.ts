import { StatementSync } from "node:sqlite";
import { Client } from "pg";
import { vi } from "vitest";
import { argon2id, type Hasher } from "../../src/core/passwords/passwords.ts";
import { checkForeignHash } from "../../src/password-checks/check-foreign-hash.ts";
import { GroupWriter } from "../../src/store/sqlite/group-writer.ts";

/** Tables of a login. Background jobs read other tables, and delete old rows of these a batch or a slice at a time. */
const ofLogins = /\b(users|sessions|realm_sessions|attempts)\b|insert into audit_events/;
const ofTidying = /^\s*delete from .*\b(limit|id <=)|\) as slice$/s;
/** A new connection of the pool sets its timeouts first, at any time. */
const ofConnecting = /\bset_config\('statement_timeout'/;

/**
 * Records every SQL statement at the engines' own drivers, and every real hash operation with its cost.
 *
 * @param counts the statements that count. Default: those of logins
 */
export function workLog(counts = ofLogins) {
  let statements: string[] = [];
  let hashes: string[] = [];
  const note = (sql: string) => {
    if (counts.test(sql) && !ofTidying.test(sql) && !ofConnecting.test(sql)) statements.push(sql);
  };
  const read = StatementSync.prototype.all;
  const write = GroupWriter.prototype.commit;
  const query: (...given: unknown[]) => unknown = Client.prototype.query;
  const spies = [
    vi.spyOn(StatementSync.prototype, "all").mockImplementation(function (this: StatementSync, ...given) {
      note(this.sourceSQL);
      return read.apply(this, given);
    }),
    vi.spyOn(GroupWriter.prototype, "commit").mockImplementation(function (this: GroupWriter, steps) {
      for (const { sql } of steps) note(sql);
      return write.call(this, steps);
    }),
    vi.spyOn(Client.prototype, "query").mockImplementation(function (this: Client, ...given: unknown[]) {
      const [first] = given;
      if (typeof first === "string") note(first);
      else if (typeof first === "object" && first !== null) note(String(Reflect.get(first, "text")));
      return query.apply(this, given);
    }),
  ];
  const costOf = (phc: string) => phc.split("$").slice(1, 4).join("$");
  const hasher: Hasher = {
    hash(password, cost) {
      hashes.push("hash");
      return argon2id.hash(password, cost);
    },
    verify(phc, password) {
      hashes.push(costOf(phc));
      return argon2id.verify(phc, password);
    },
    checkForeign(hash, password) {
      hashes.push(`${hash.scheme} ${costOf(hash.text)}`);
      return checkForeignHash(hash, password);
    },
  };
  return {
    hasher,
    /** The work since the last call. */
    take() {
      const work = { statements, hashes };
      statements = [];
      hashes = [];
      return work;
    },
    [Symbol.dispose]() {
      for (const spy of spies) spy.mockRestore();
    },
  };
}
