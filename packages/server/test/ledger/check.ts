import { type Entry, isEnding, saysEnded, saysLives } from "./ledger.ts";

/** The time until every replica refuses an ended session, in milliseconds. A refresh or trade asks the database. */
const noticeTime = { me: 1000, refresh: 0, trade: 0 } as const;

/** Checks all answers against the promises. @returns a line for each broken promise */
export function brokenPromises(entries: readonly Entry[]): string[] {
  const sessions = Map.groupBy(entries, ({ session }) => session);
  return [
    ...entries.flatMap(oddAnswer),
    ...[...sessions.values()].flatMap((session) => [
      ...acceptedAfterEnd(session),
      ...lost(session),
      ...resurrected(session),
      ...twoSuccessors(session),
    ]),
  ];
}

/** An answer that no request may get. */
function oddAnswer(entry: Entry): string[] {
  const { status, retryAfter } = entry;
  if (status === undefined) return [];
  if (status === 503) return retryAfter ? [] : [`503 without Retry-After: ${shown(entry)}`];
  return status >= 500 || (status >= 400 && status !== 401) ? [`odd answer: ${shown(entry)}`] : [];
}

/** Every replica refuses an ended session a second after the answer that confirmed its end. */
function acceptedAfterEnd(session: readonly Entry[]): string[] {
  const end = Math.min(...session.filter(saysEnded).map(({ answeredAt }) => answeredAt));
  return session
    .filter((entry) => saysLives(entry) && entry.sentAt > end + noticeTimeOf(entry))
    .map((entry) => `accepted ${Math.round(entry.sentAt - end)} ms after its end: ${shown(entry)}`);
}

/** A refused session that no request has ended. */
function lost(session: readonly Entry[]): string[] {
  const firstEnding = Math.min(...session.filter(isEnding).map(({ sentAt }) => sentAt));
  return session
    .filter((entry) => entry.status === 401 && entry.act !== "login" && entry.answeredAt < firstEnding)
    .map((entry) => `lost: ${shown(entry)}`);
}

/** Refused, and later accepted again. */
function resurrected(session: readonly Entry[]): string[] {
  const refused = session.filter(({ status, code }) => status === 401 && code === "token_revoked");
  const first = Math.min(...refused.map(({ answeredAt }) => answeredAt));
  return session
    .filter((entry) => saysLives(entry) && entry.sentAt > first + noticeTimeOf(entry))
    .map((entry) => `resurrected: ${shown(entry)}`);
}

/** A repeated refresh token gets the same successor or a refusal. */
function twoSuccessors(session: readonly Entry[]): string[] {
  const successors = new Map<string, string>();
  const broken: string[] = [];
  for (const entry of session) {
    if (entry.shown === undefined || entry.successor === undefined) continue;
    const known = successors.get(entry.shown) ?? entry.successor;
    if (known !== entry.successor) broken.push(`two successors of one token: ${shown(entry)}`);
    successors.set(entry.shown, known);
  }
  return broken;
}

function noticeTimeOf({ act }: Entry): number {
  return act === "refresh" || act === "trade" ? noticeTime[act] : noticeTime.me;
}

function shown({ session, act, sentAt, answeredAt, status, code = "" }: Entry): string {
  return `${session} ${act} sent at ${Math.round(sentAt)}, answered ${status} ${code} at ${Math.round(answeredAt)}`;
}
