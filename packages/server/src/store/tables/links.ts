import type { Link, Links } from "../../core/people/links.ts";
import type { Alongside } from "../../core/people/users.ts";
import { type Database, must, one, type Step } from "../database.ts";
import { statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import { textsIn } from "./json-texts.ts";
import { settlingStep } from "./outbox-rows.ts";
import { userAsSeen } from "./user-terms.ts";

interface LinkRow extends Omit<Link, "roles"> {
  /** A JSON array. */
  readonly roles: string | null;
}

const columns = "id, purpose, user_id, revision, email, roles, created_at, expires_at";

// A concurrent change of the user may raise the revision. Then the link is outdated before its first use.
const addOfUser = statement<LinkRow>(`
  insert into links (${columns})
  select :id, :purpose, users.id, users.revision, :email, :roles, :createdAt, :expiresAt
  from users where users.id = :userId and users.active = 1 and users.issuer is null and users.revision = :revision`);

const addOfNobody = statement<LinkRow>(`
  insert into links (${columns})
  values (:id, :purpose, :userId, :revision, :email, :roles, :createdAt, :expiresAt)`);

const byId = statement<{ id: string }, LinkRow>(`
  select id, purpose, user_id as "userId", revision, email, roles, created_at as "createdAt",
    expires_at as "expiresAt" from links where id = :id`);

const use = statement<{ id: string; at: number }>("delete from links where id = :id and expires_at > :at");

/** The step that uses up the link of a change, if it has one. A used or expired link rolls the change back. */
export function linkSteps({ link }: Alongside, at: number): Step[] {
  return link === undefined ? [] : [must(use, { id: link, at })];
}

/** Deletes expired links. @param batchSize rows of one change */
export const expiredLinks = (batchSize: number) =>
  statement<{ now: number }>(`
  delete from links where id in (select id from links where expires_at < :now limit ${batchSize})`);

/** The table `links`. */
export function linkTable(database: Database, audit: AuditWriter): Links {
  return {
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && { ...row, roles: row.roles === null ? null : textsIn(row.roles) };
    },
    add(link, mails, events, version) {
      const first = link.userId === null || version === undefined ? [] : [userAsSeen(link.userId, version)];
      return audit.commit([...first, addingStep(link)], events, "ordinary", mails);
    },
    answer: (request, answer, event) =>
      audit.commit(
        [settlingStep(request), ...(answer === undefined ? [] : [addingStep(answer.link)])],
        [event],
        "ordinary",
        answer === undefined ? [] : [answer.mail],
      ),
  };
}

function addingStep({ roles, ...link }: Link): Step {
  const row = { ...link, roles: roles === null ? null : JSON.stringify(roles) };
  return must(link.userId === null ? addOfNobody : addOfUser, row);
}
