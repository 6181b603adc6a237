import { randomBytes } from "node:crypto";
import { strangersKinds } from "../../core/mail/mail-kinds.ts";
import type { ClaimedRow, NewMail } from "../../core/mail/outbox.ts";
import { must, type Step, step } from "../database.ts";
import { statement } from "../statement.ts";

/** A row of `outbox`. A newer replica may have written it. */
export interface OutboxRow extends ClaimedRow {
  readonly kind: string;
  readonly language: string;
  /** The facts of the content, as a JSON object. */
  readonly details: string;
}

type InsertedRow = Omit<OutboxRow, "attempts" | "claimedBy">;

/** Strangers can fill the outbox only so far: 3 MB, at 300 bytes for each mail. */
const mostWaiting = 10_000;

// Due at once, whatever the clock of the mail job.
const insertInto = `insert into outbox
  (id, kind, recipient, user_id, link_id, language, details, created_at, next_try_at, attempts)
  select cast(:id as text), cast(:kind as text), cast(:recipient as text), cast(:userId as text), cast(:linkId as text),
    cast(:language as text), cast(:details as text), cast(:createdAt as bigint), 0, 0`;

const insert = statement<InsertedRow>(insertInto);

// The condition on the column makes the engine count in its index alone.
const insertOfStranger = statement<InsertedRow>(`${insertInto}
  where (select 1 from outbox where next_try_at >= 0 limit 1 offset ${mostWaiting - 1}) is null`);

/**
 * The steps that write mails into the outbox, for the commit of their change. A stranger's mail rolls the change back if
 * too many mails wait.
 */
export function mailSteps(mails: readonly NewMail[]): Step[] {
  return mails.map((mail) => {
    const row = rowOf(mail);
    return strangersKinds.includes(mail.content.kind) ? must(insertOfStranger, row) : step(insert, row);
  });
}

/** Deletes a mail, unless the claim was lost. */
export const settle = statement<{ id: string; claimedBy: string }>(
  "delete from outbox where id = :id and claimed_by = :claimedBy",
);

/** Deletes a claimed mail with another change. The change is rolled back if the claim was lost. */
export function settlingStep({ id, claimedBy }: ClaimedRow): Step {
  return must(settle, { id, claimedBy });
}

function rowOf({ content, ...mail }: NewMail): InsertedRow {
  const { kind, ...facts } = content;
  return { ...mail, kind, details: JSON.stringify(facts), id: randomBytes(16).toString("base64url") };
}
