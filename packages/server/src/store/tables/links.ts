import type { Link, Links } from "../../core/people/links.ts";
import type { Alongside } from "../../core/people/users.ts";
import { type Database, must, one, type Step } from "../database.ts";
import { statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import { type InviterValues, inviterIsAsRead, inviterValues, lockInviter } from "./inviters.ts";
import { textsIn } from "./json-texts.ts";
import { linkEnding } from "./link-endings.ts";
import { settlingStep } from "./outbox-rows.ts";
import { isLocal } from "./user-rows.ts";
import { userAsSeen } from "./user-terms.ts";

/** @template Roles a JSON array; null if the link is no invitation */
interface LinkRow<Roles extends string | null = string | null> extends Omit<Link, "roles"> {
  readonly roles: Roles;
}

const insertInto = `insert into links (id, purpose, user_id, revision, email, roles, invited_by, invited_with,
  created_at, expires_at)`;

// A concurrent change of the user may raise the revision. Then the link is outdated before its first use.
const addOfUser = statement<LinkRow>(`
  ${insertInto}
  select :id, :purpose, users.id, users.revision, :email, :roles, :invitedBy, :invitedWith, :createdAt, :expiresAt
  from users where users.id = :userId and users.active = 1 and users.issuer is null and users.revision = :revision`);

const addOfNobody = statement<LinkRow>(`
  ${insertInto}
  values (:id, :purpose, :userId, :revision, :email, :roles, :invitedBy, :invitedWith, :createdAt, :expiresAt)`);

// The id of a removed user stays in no row.
const addOfInviter = statement<LinkRow>(`
  ${insertInto}
  select :id, :purpose, :userId, :revision, :email, :roles, users.id, :invitedWith, :createdAt, :expiresAt
  from users where users.id = :invitedBy and users.active = 1 and ${isLocal}`);

const columns = `id, purpose, user_id as "userId", revision, email, roles, invited_by as "invitedBy",
  invited_with as "invitedWith", created_at as "createdAt", expires_at as "expiresAt"`;

const byId = statement<{ id: string }, LinkRow>(`select ${columns} from links where id = :id`);

// Invitations alone have roles.
const invitations = statement<{ after: string; at: number; limit: number }, LinkRow<string>>(`
  select ${columns} from links where roles is not null and id > :after and expires_at > :at
  order by id limit :limit`);

const withdraw = linkEnding<{ id: string }>("id = :id and roles is not null");

const use = statement<InviterValues & { id: string; at: number }>(`
  delete from links where id = :id and expires_at > :at and ${inviterIsAsRead}`);

/**
 * The step that uses up the link of a change, if it has one. A used or expired link rolls the change back, and so does
 * an inviter that has changed.
 */
export function linkSteps({ link, inviter }: Alongside, at: number): Step[] {
  return link === undefined ? [] : [must(use, { id: link, at, ...inviterValues(inviter) })];
}

/** Deletes expired links. @param batchSize rows of one change */
export const expiredLinks = (batchSize: number) =>
  statement<{ now: number }>(`
  delete from links where id in (select id from links where expires_at < :now limit ${batchSize})`);

/** The table `links`. */
export function linkTable(database: Database, audit: AuditWriter): Links {
  const adding = ({ roles, ...link }: Link): Step[] => {
    const row = { ...link, roles: roles === null ? null : JSON.stringify(roles) };
    const { userId, invitedBy } = row;
    if (userId !== null) return [must(addOfUser, row)];
    if (invitedBy === null) return [must(addOfNobody, row)];
    return [...lockInviter(database, { user: { id: invitedBy }, client: null }), must(addOfInviter, row)];
  };

  return {
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && { ...row, roles: row.roles === null ? null : textsIn(row.roles) };
    },
    add(link, mails, events, version) {
      const first = link.userId === null || version === undefined ? [] : [userAsSeen(link.userId, version)];
      return audit.commit([...first, ...adding(link)], events, "ordinary", mails);
    },
    answer: (request, answer, event) =>
      audit.commit(
        [settlingStep(request), ...(answer === undefined ? [] : adding(answer.link))],
        [event],
        "ordinary",
        answer === undefined ? [] : [answer.mail],
      ),
    async invitations({ after = "", limit }, at) {
      const rows = await database.all(invitations, { after, at, limit });
      return rows.map((row) => ({ ...row, roles: textsIn(row.roles) }));
    },
    withdraw: (id, event) => audit.commit(withdraw({ id }, must), [event], "urgent"),
  };
}
