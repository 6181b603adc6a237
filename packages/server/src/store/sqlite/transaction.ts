import type { DatabaseSync } from "node:sqlite";
import type { Step } from "../database.ts";
import { isOutOfSpace, preparedStatements, sqlValue } from "./connection.ts";

/** A change: all of its steps are committed or none. */
export interface Change {
  readonly steps: readonly Step[];
  /** Whether it is committed on a full volume too. */
  readonly urgent: boolean;
}

/** The outcome of one change in a group: committed, rolled back by a `must`, or refused by the engine. */
export type Outcome = { readonly committed: boolean } | { readonly error: string };

/** Commits a group of changes. @throws if the transaction failed: then no change of the group is committed */
export type GroupCommit = (group: readonly Change[]) => Outcome[];

/**
 * Commits groups of changes on a connection. A group is one transaction and one flush to disk. Each change has a
 * savepoint, so a failed change is rolled back alone.
 */
export function groupCommit(connection: DatabaseSync): GroupCommit {
  const prepared = preparedStatements(connection);

  function run({ sql, values, must }: Step): boolean {
    const { changes } = prepared(sql).run(...values.map(sqlValue));
    return !must || changes !== 0;
  }

  function outcomeOf({ steps }: Change): Outcome {
    prepared("savepoint change").run();
    let outcome: Outcome;
    try {
      outcome = { committed: steps.every(run) };
    } catch (error) {
      // A full disk or a failed write ends the whole transaction, and its savepoints with it.
      if (!connection.isTransaction || isOutOfSpace(error)) throw error;
      outcome = { error: error instanceof Error ? error.message : String(error) };
    }
    if ("error" in outcome || !outcome.committed) prepared("rollback to change").run();
    prepared("release change").run();
    return outcome;
  }

  return (group) => {
    prepared("begin immediate").run();
    try {
      const outcomes = group.map(outcomeOf);
      prepared("commit").run();
      return outcomes;
    } catch (error) {
      if (connection.isTransaction) connection.exec("rollback");
      throw error;
    }
  };
}
