import { randomBytes } from "node:crypto";
import { type MailKind, strangersKinds } from "../../core/mail/mail-kinds.ts";
import type { NewMail, WaitingMail } from "../../core/mail/outbox.ts";
import { must, type Step, step } from "../database.ts";
import { statement } from "../statement.ts";

/** A row of `outbox`. */
export interface OutboxRow extends Omit<WaitingMail, "content"> {
  readonly kind: MailKind;
  /** The facts of the content, as a JSON object. */
  readonly details: string;
}

type InsertedRow = Omit<OutboxRow, "attempts" | "claimedBy">;

/** A stranger can fill the outbox only so far. A mail of 300 bytes each makes 3 MB. */
const mostOfStrangers = 10_000;

const isOfStranger = `kind in (${strangersKinds.map((kind) => `'${kind}'`).join(", ")})`;

// Due at once, whatever the clock of the mail job.
const insertInto = `insert into outbox
  (id, kind, recipient, user_id, link_id, language, details, created_at, next_try_at, attempts)
  select cast(:id as text), cast(:kind as text), cast(:recipient as text), cast(:userId as text), cast(:linkId as text),
    cast(:language as text), cast(:details as text), cast(:createdAt as bigint), 0, 0`;

const insert = statement<InsertedRow>(insertInto);

const insertOfStranger = statement<InsertedRow>(`${insertInto}
  where (select count(*) from (select 1 from outbox where ${isOfStranger} limit ${mostOfStrangers}) as waiting) < ${mostOfStrangers}`);

/**
 * The steps that write mails into the outbox, for the commit of their change. A stranger's mail rolls the change back if
 * too many of them wait.
 */
export function mailSteps(mails: readonly NewMail[]): Step[] {
  return mails.map((mail) => {
    const row = rowOf(mail);
    return strangersKinds.includes(row.kind) ? must(insertOfStranger, row) : step(insert, row);
  });
}

/** Deletes a mail, unless the claim was lost. */
export const settle = statement<{ id: string; claimedBy: string }>(
  "delete from outbox where id = :id and claimed_by = :claimedBy",
);

/** Deletes a claimed mail with another change. The change is rolled back if the claim was lost. */
export function settlingStep({ id, claimedBy }: WaitingMail): Step {
  return must(settle, { id, claimedBy });
}

function rowOf({ content, ...mail }: NewMail): InsertedRow {
  const { kind, ...facts } = content;
  return { ...mail, kind, details: JSON.stringify(facts), id: randomBytes(16).toString("base64url") };
}
