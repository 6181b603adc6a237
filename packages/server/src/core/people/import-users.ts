import { type AuditEvent, eventOf, type Origin } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { storeUnavailable } from "../errors.ts";
import { canonicalName } from "../passwords/account-names.ts";
import { noPassword } from "../passwords/foreign-hash.ts";
import { ImportPlaces, importKeysOf, usernamesFor } from "./import-places.ts";
import type { ImportedUser, RowProblem } from "./imported-user.ts";
import { PersonProblem } from "./person-problem.ts";
import { assertFits } from "./person-rules.ts";
import { spelledPerson } from "./person-spelling.ts";
import { mostImportRows, type NewImportedUser, type UserImport } from "./user-import.ts";

/** A row of a file. */
export interface ImportRow {
  /** The line of the file on which the row begins. */
  readonly line: number;
  readonly user: ImportedUser | RowProblem;
}

/** The outcome of the rows so far. */
export interface ImportFigures {
  readonly added: number;
  /** Rows of users that are there already, such as those of an earlier run. */
  readonly there: number;
  readonly failed: number;
}

/** The parts of an import. */
export interface ImportParts {
  readonly table: UserImport;
  readonly clock: Clock;
  /** The origin of the audit events. */
  readonly by: Origin;
  /** The roles of rows that name none. */
  readonly roles: readonly string[];
  /** Called with each row that is not imported. */
  readonly onProblem: (line: number, problem: string) => void;
  /** Called after each commit. */
  readonly onProgress: (figures: ImportFigures) => void;
}

/** Repeats of a batch after other processes took one of its names in between. */
const mostTries = 3;

/**
 * Imports users, a batch for each commit, with one audit event for each user. A row that cannot be imported stops none
 * of the others. A second run skips the users that the first one added.
 *
 * @throws {LatchkeyError} `store_unavailable`: the batches before are imported
 */
export async function importUsers(
  rows: AsyncIterable<ImportRow>,
  parts: ImportParts,
): Promise<ImportFigures> {
  const figures = { added: 0, there: 0, failed: 0 };
  let batch: ImportRow[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length === mostImportRows) await flush();
  }
  if (batch.length > 0) await flush();
  return figures;

  async function flush(): Promise<void> {
    const { added, there, failed } = await committed(batch, parts);
    figures.added += added;
    figures.there += there;
    figures.failed += failed.length;
    for (const { line, problem } of failed) parts.onProblem(line, problem);
    batch = [];
    parts.onProgress({ ...figures });
  }
}

async function committed(batch: readonly ImportRow[], parts: ImportParts) {
  for (let tries = 1; tries <= mostTries; tries++) {
    const { added, there, failed } = await placed(batch, parts);
    const events = added.map(({ id }) => importedEvent(id, parts));
    if (added.length === 0 || (await parts.table.add(added, events)))
      return { added: added.length, there, failed };
  }
  throw storeUnavailable("other users took the names of the rows, again and again");
}

async function placed(batch: readonly ImportRow[], { table, clock, roles }: ImportParts) {
  const readable = batch.flatMap(({ user }) => ("problem" in user ? [] : [importKeysOf(user)]));
  const places = new ImportPlaces(await table.taken(readable));
  const added: NewImportedUser[] = [];
  const failed: { readonly line: number; readonly problem: string }[] = [];
  let there = 0;
  for (const { line, user } of batch) {
    const place = "problem" in user ? user : (rowProblem(user, roles) ?? places.placeOf(user));
    if ("problem" in place) failed.push({ line, problem: place.problem });
    else if (place.kind === "there") there++;
    else if (!("problem" in user)) {
      const row = newUser(user, place, clock(), roles);
      places.hold({ ...row, isRemoved: false });
      added.push(row);
    }
  }
  return { added, there, failed };
}

function newUser(
  user: ImportedUser,
  { id, username }: { readonly id: string; readonly username: string },
  now: number,
  roles: readonly string[],
): NewImportedUser {
  const { email, displayName } = user;
  return {
    id,
    ...spelledPerson({ username, email, displayName, roles: user.roles ?? roles }),
    usernameKey: canonicalName(username),
    emailKey: canonicalName(email),
    passwordHash: user.passwordHash ?? noPassword,
    mustChangePassword: user.mustChangePassword,
    emailVerifiedAt: user.emailVerified ? now : null,
    active: !user.disabled,
    createdAt: user.createdAt ?? now,
  };
}

/** The reason why a row breaks the rules of every new user; undefined if it keeps them. */
function rowProblem(user: ImportedUser, roles: readonly string[]): RowProblem | undefined {
  const { email, displayName, id } = user;
  const username = usernamesFor(user).at(-1) ?? "";
  const person = spelledPerson({ username, email, displayName, roles: user.roles ?? roles });
  try {
    assertFits(person, id);
    return undefined;
  } catch (error) {
    if (error instanceof PersonProblem) return { problem: error.message };
    throw error;
  }
}

function importedEvent(subject: string, { clock, by }: ImportParts): AuditEvent {
  return eventOf("user.imported", clock(), by, { subject });
}
