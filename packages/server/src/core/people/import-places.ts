import { createHash } from "node:crypto";
import { canonicalName, nameKeys } from "../passwords/account-names.ts";
import type { ImportedUser, RowProblem } from "./imported-user.ts";
import { firstId, furtherId } from "./user-ids.ts";
import type { ImportKeys, TakenKeys, UserHolder } from "./user-import.ts";

/** The names that a row may get, the wanted one first. */
export function usernamesFor({ id, username, email }: ImportedUser): readonly string[] {
  if (username !== undefined) return [username];
  const local = email.slice(0, email.lastIndexOf("@"));
  const base =
    local.replaceAll(/[@\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu, "").slice(0, 100) || "user";
  // The same row gets the same name in every run.
  const mark = createHash("sha256")
    .update(id ?? canonicalName(email))
    .digest("hex")
    .slice(0, 8);
  return [base, `${base}-${mark}`];
}

/** The keys by which a row can meet a user. */
export function importKeysOf(user: ImportedUser): ImportKeys {
  const usernameKeys = usernamesFor(user).map(canonicalName);
  const { key, older } = nameKeys(user.email);
  return { id: user.id ?? firstId(usernameKeys[0] ?? ""), usernameKeys, emailKeys: [key, ...older] };
}

/** The place of a row among the users that are there: new, there already, or in conflict. */
export type ImportPlace =
  | { readonly kind: "new"; readonly id: string; readonly username: string }
  | { readonly kind: "there" }
  | RowProblem;

/** The users and ids that rows can meet: those of the database, and those of the rows before. */
export class ImportPlaces {
  readonly #ids = new Map<string, UserHolder>();
  readonly #usernames = new Map<string, UserHolder>();
  readonly #emails = new Map<string, UserHolder>();
  readonly #spentIds: ReadonlySet<string>;

  constructor({ users, spentIds }: TakenKeys) {
    this.#spentIds = spentIds;
    for (const user of users) this.hold(user);
  }

  /** Remembers a user that later rows must not collide with. */
  hold(user: UserHolder): void {
    this.#ids.set(user.id, user);
    this.#usernames.set(user.usernameKey, user);
    this.#emails.set(user.emailKey, user);
  }

  /**
   * Finds the place of a row. It is there already if a user has its id and one of its names. For a row without an id,
   * the names are enough.
   */
  placeOf(user: ImportedUser): ImportPlace {
    const { usernameKeys, emailKeys } = importKeysOf(user);
    const ofEmail = emailKeys.map((key) => this.#emails.get(key)).find((holder) => holder !== undefined);
    if (user.id !== undefined) {
      const ofId = this.#ids.get(user.id);
      if (this.#spentIds.has(user.id) || ofId?.isRemoved) {
        return conflict(`the id ${user.id} belonged to a user who was removed: it is never given again`);
      }
      if (ofId !== undefined) {
        const isSame = ofId === ofEmail || usernameKeys.includes(ofId.usernameKey);
        return isSame ? { kind: "there" } : conflict(`another user has the id ${user.id} already`);
      }
    }
    if (ofEmail !== undefined) {
      const isSame = user.id === undefined && usernameKeys.includes(ofEmail.usernameKey);
      return isSame
        ? { kind: "there" }
        : conflict(`another user has the e-mail address ${user.email} already`);
    }
    const username = usernamesFor(user).find((name) => !this.#usernames.has(canonicalName(name)));
    if (username === undefined) return conflict(`there is another user ${usernamesFor(user)[0]} already`);
    return { kind: "new", id: user.id ?? this.#freeId(canonicalName(username)), username };
  }

  #freeId(usernameKey: string): string {
    const first = firstId(usernameKey);
    return this.#ids.has(first) || this.#spentIds.has(first) ? furtherId(usernameKey) : first;
  }
}

function conflict(problem: string): ImportPlace {
  return { problem };
}
