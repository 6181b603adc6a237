import { randomBytes } from "node:crypto";
import { LatchkeyError } from "../../core/errors.ts";
import { mailLanguages, storedKinds } from "../../core/mail/mail-kinds.ts";
import {
  type ClaimedMails,
  longestWait,
  type Outbox,
  type UnreadableMail,
  type WaitingMail,
} from "../../core/mail/outbox.ts";
import { storedContent } from "../../core/mail/stored-content.ts";
import { type Database, must, one } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import { type OutboxRow, settle, settlingStep } from "./outbox-rows.ts";

/** No try is planned further ahead than this, in milliseconds. */
const farthestTry = 2 * 3_600_000;

const isOneOf = (column: string, texts: readonly string[]) => `${column} in ('${texts.join("', '")}')`;
const isKnown = `${isOneOf("kind", storedKinds)} and ${isOneOf("language", mailLanguages)}`;

// A time far ahead was written before a clock stepped back: such a row is due too.
const due = (rest: string) => `
  select id from outbox
  where (next_try_at <= :at or next_try_at > :at + ${farthestTry})
    and (claimed_until is null or claimed_until <= :at or claimed_until > :at + ${farthestTry})
    and (${isKnown} or created_at <= :at - ${longestWait} or created_at > :at + ${farthestTry})
  order by next_try_at, created_at limit :most ${rest}`;

type Claiming = { at: number; until: number; most: number; claimedBy: string };
// A plan may run a sub-select once for each row of the table, and each run skips the rows that are locked by then.
const claimDue = (rest: string) =>
  statement<Claiming>(`
  with due as materialized (${due(rest)})
  update outbox set claimed_by = :claimedBy, claimed_until = :until, attempts = attempts + 1
  where id in (select id from due)`);
const claim = claimDue("");
const claimSkipping = claimDue("for update skip locked");

const claimed = statement<{ claimedBy: string }, OutboxRow>(`
  select id, kind, recipient, user_id as "userId", link_id as "linkId", language, details,
    created_at as "createdAt", attempts, claimed_by as "claimedBy"
  from outbox where claimed_by = :claimedBy order by created_at, id`);

const retry = statement<{ id: string; claimedBy: string; nextTryAt: number }>(`
  update outbox set next_try_at = :nextTryAt, claimed_by = null, claimed_until = null
  where id = :id and claimed_by = :claimedBy`);

const count = statement<NoValues, { count: number }>("select count(*) as count from outbox");

/** The table `outbox`. */
export function outboxTable(database: Database, audit: AuditWriter): Outbox {
  return {
    async request(mail, events) {
      if (!(await audit.commit([], events, "ordinary", [mail])))
        throw new LatchkeyError("overloaded", { reason: "the outbox is full" });
    },
    async claim({ at, lease, most }) {
      const claimedBy = randomBytes(16).toString("base64url");
      const claiming = { at, until: at + lease, most, claimedBy };
      const claimNext = database.writers === "many" ? claimSkipping : claim;
      if (!(await database.commit([must(claimNext, claiming)]))) return { mails: [], unreadable: [] };
      return readRows(await database.all(claimed, { claimedBy }));
    },
    settle: ({ id, claimedBy }) => database.commit([must(settle, { id, claimedBy })], "urgent"),
    giveUp: (mail, event) => audit.commit([settlingStep(mail)], [event], "urgent"),
    retry: ({ id, claimedBy }, nextTryAt) => database.commit([must(retry, { id, claimedBy, nextTryAt })]),
    count: async () => (await one(database, count, {}))?.count ?? 0,
  };
}

function readRows(rows: readonly OutboxRow[]): ClaimedMails {
  const mails: WaitingMail[] = [];
  const unreadable: UnreadableMail[] = [];
  for (const { kind, details, language: code, ...row } of rows) {
    const content = storedContent(kind, details);
    const language = mailLanguages.find((known) => known === code);
    if (content === undefined || language === undefined) unreadable.push({ ...row, kind });
    else mails.push({ ...row, language, content });
  }
  return { mails, unreadable };
}
