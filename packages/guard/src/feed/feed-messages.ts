import { IssuerError } from "../issuer/issuer-request.ts";
import { membersOf, parseJson } from "../support/own-members.ts";

/** The feed sent a malformed message. The error's text quotes nothing of it. */
export class MalformedFeed extends IssuerError {}

/** One ended session. */
export interface Revocation {
  readonly number: number;
  readonly sessionId: string;
  /** Expiry of the session's last token, in milliseconds since the epoch. */
  readonly until: number;
}

/** A server-sent event of the feed. */
export type FeedMessage =
  | { readonly kind: "session.ended"; readonly revocation: Revocation }
  | { readonly kind: "cursor"; readonly cursor: number };

const maxPage = 1_000;
const maxSessionId = 256;

/**
 * Reads a server-sent event.
 *
 * @returns undefined for an event of a later version
 * @throws {MalformedFeed}
 */
export function readEvent(event: string | undefined, id: string | undefined, data: string) {
  if (event !== "session.ended" && event !== "cursor") return undefined;
  const value = parsed(data);
  const message: FeedMessage =
    event === "cursor"
      ? { kind: event, cursor: numberIn(value, "cursor") }
      : { kind: event, revocation: readRevocation(value) };
  const number = message.kind === "cursor" ? message.cursor : message.revocation.number;
  // A client resumes from the id.
  if (id !== String(number)) throw new MalformedFeed("an id that is not the event's own number");
  return message;
}

/** Reads a page of the feed as JSON. `more`: whether another page follows. @throws {MalformedFeed} */
export function readPage(value: unknown) {
  const { revocations, more } = fieldsOf(value);
  if (!Array.isArray(revocations) || revocations.length > maxPage) {
    throw new MalformedFeed(`revocations is not a list of at most ${maxPage}`);
  }
  if (typeof more !== "boolean") throw new MalformedFeed("more is missing");
  const read = revocations.map(readRevocation);
  if (read.some(({ number }, index) => number <= (read[index - 1]?.number ?? 0))) {
    throw new MalformedFeed("numbers that do not rise");
  }
  return { revocations: read, cursor: numberIn(value, "cursor"), more };
}

/** Reads the answer about one session: whether it has ended. @throws {MalformedFeed} */
export function readAnswer(value: unknown, sessionId: string): boolean {
  const fields = fieldsOf(value);
  if (fields["sessionId"] !== sessionId) throw new MalformedFeed("an answer about another session");
  if (typeof fields["ended"] !== "boolean") throw new MalformedFeed("ended is missing");
  return fields["ended"];
}

function readRevocation(value: unknown): Revocation {
  const { sessionId } = fieldsOf(value);
  if (typeof sessionId !== "string" || sessionId === "" || sessionId.length > maxSessionId) {
    throw new MalformedFeed("sessionId is missing or too long");
  }
  const number = numberIn(value, "number");
  if (number === 0) throw new MalformedFeed("number is 0");
  return { number, sessionId, until: numberIn(value, "until") };
}

function parsed(data: string): unknown {
  try {
    return parseJson(data);
  } catch {
    throw new MalformedFeed("data that is not JSON");
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new MalformedFeed("a message that is not an object");
  return membersOf(value);
}

function numberIn(value: unknown, name: "cursor" | "number" | "until"): number {
  const number = fieldsOf(value)[name];
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0) {
    throw new MalformedFeed(`${name} is not a whole number`);
  }
  return number;
}
