import { type ClaimedRow, longestWait, type NewMail, type WaitingMail } from "../core/mail/outbox.ts";
import { linkLifetimes } from "../core/people/links.ts";

const minute = 60_000;

/** More tries than a day has: a clock that stepped back cannot keep a mail for ever. */
const mostTries = 60;

/**
 * The time of the next try: 1, 2, 4 … 60 minutes after the last one. Each wait is up to a quarter shorter or longer, so
 * that many mails do not come back at once.
 *
 * @param random between 0 and 1
 * @returns milliseconds since the epoch. Undefined if the mail is given up
 */
export function nextTry(
  { attempts, createdAt }: Pick<WaitingMail, "attempts" | "createdAt">,
  now: number,
  random: number,
): number | undefined {
  if (now - createdAt >= longestWait || attempts >= mostTries) return undefined;
  const delay = Math.min(60, 2 ** (attempts - 1)) * minute;
  return now + Math.round(delay * (0.75 + random / 2));
}

/** More claims than a day has: the same for a mail that cannot be read, which is claimed every two minutes. */
const mostClaims = 720;

/** Whether a mail that this version cannot read has waited long enough for a newer replica. */
export function isAbandoned(
  { attempts, createdAt }: Pick<ClaimedRow, "attempts" | "createdAt">,
  now: number,
): boolean {
  return now - createdAt >= longestWait || attempts >= mostClaims;
}

/** Whether the link in a mail has expired, so that the mail would only disappoint. A request is as old as its link. */
export function outdated(
  { content: { kind }, createdAt }: Pick<NewMail, "content" | "createdAt">,
  now: number,
): boolean {
  const linked = kind === "reset_request" ? "reset" : kind;
  const lifetime = isLinked(linked) ? linkLifetimes[linked] : Number.POSITIVE_INFINITY;
  return now - createdAt >= lifetime;
}

function isLinked(kind: string): kind is keyof typeof linkLifetimes {
  return Object.hasOwn(linkLifetimes, kind);
}
