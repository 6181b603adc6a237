import type { InviterAsRead } from "../../core/people/links.ts";
import type { User } from "../../core/people/users.ts";
import { type Database, type Step, step } from "../database.ts";
import { statement } from "../statement.ts";
import { lockOpenClient } from "./client-locks.ts";
import { isLocal } from "./user-rows.ts";

/** An inviter as it was read, as values of a statement. */
export interface InviterValues {
  /** The version of the user; null without one. */
  readonly inviterVersion: number | null;
  /** Whether the client needs no row: 0 or 1. */
  readonly clientDescribesItself: number;
}

/** The values of an inviter. Without one, they fit links alone that nobody sent. */
export function inviterValues(inviter: InviterAsRead | undefined): InviterValues {
  return {
    inviterVersion: inviter?.user?.version ?? null,
    clientDescribesItself: inviter?.client?.describesItself ? 1 : 0,
  };
}

/** Whether the inviter of a row of `links` is as it was read. */
export const inviterIsAsRead = `
  (invited_by is null or exists (
    select 1 from users where users.id = links.invited_by and ${isLocal} and users.version = :inviterVersion))
  and (invited_with is null or coalesce((
    select case when clients.blocked_at is null then 1 else 0 end from clients where clients.id = links.invited_with),
    :clientDescribesItself) = 1)`;

const lockUser = statement<{ userId: string }>("select id from users where id = :userId for share");

/**
 * Steps that keep an inviter as it is until the end of a change. They come first in a change. A database with one writer
 * needs none.
 */
export function lockInviter(
  database: Database,
  inviter:
    | { readonly user: Pick<User, "id"> | null; readonly client: { readonly id: string } | null }
    | undefined,
): Step[] {
  if (inviter === undefined || database.writers === "one") return [];
  const { user, client } = inviter;
  return [
    ...(client === null ? [] : lockOpenClient(database, client.id)),
    ...(user === null ? [] : [step(lockUser, { userId: user.id })]),
  ];
}
