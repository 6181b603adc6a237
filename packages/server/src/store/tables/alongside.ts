import { randomUUID } from "node:crypto";
import type { NewMail } from "../../core/mail/outbox.ts";
import type { Alongside } from "../../core/people/users.ts";
import { must, type Step, step } from "../database.ts";
import { statement } from "../statement.ts";

const useLink = statement<{ id: string; at: number }>(`
  delete from links where id = :id and expires_at > :at`);

interface OutboxRow extends Omit<NewMail, "content"> {
  readonly id: string;
  readonly kind: string;
  /** JSON. */
  readonly details: string;
  readonly at: number;
}

const send = statement<OutboxRow>(`
  insert into outbox (id, kind, recipient, user_id, link_id, language, details, created_at, next_try_at)
  values (:id, :kind, :recipient, :userId, :linkId, :language, :details, :at, :at)`);

/** The steps that use up a link. Without the link, the change is rolled back. */
export function linkStep(id: string, at: number): Step {
  return must(useLink, { id, at });
}

/** The step that writes a mail into the outbox. */
export function mailStep({ content, ...mail }: NewMail, at: number): Step {
  const { kind, ...details } = content;
  return step(send, { ...mail, id: randomUUID(), kind, details: JSON.stringify(details), at });
}

/** What else a change commits. */
export function stepsAlongside({ link, mails = [] }: Alongside, at: number): Step[] {
  return [...(link === undefined ? [] : [linkStep(link, at)]), ...mails.map((mail) => mailStep(mail, at))];
}
