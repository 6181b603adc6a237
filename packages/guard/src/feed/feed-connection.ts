import { createParser, type EventSourceParser } from "eventsource-parser";
import { IssuerError, issuerErrorOf, type Requests, timeoutSignal } from "../issuer/issuer-request.ts";
import { MalformedFeed, readMessage } from "./feed-messages.ts";
import type { RevocationList } from "./revocation-list.ts";

/** Where the feed is, and what is shown there. */
export interface FeedAddress {
  readonly url: URL;
  readonly guardKey: string | undefined;
}

/** Why a connection to the feed is over. */
export type FeedEnd =
  /** The issuer does not let this guard follow. */
  | { readonly kind: "refused"; readonly status: 401 | 403; readonly reason: string }
  | { readonly kind: "malformed"; readonly reason: string }
  /** What came does not go on where the feed was left. */
  | { readonly kind: "another list"; readonly reason: string }
  /** There was no answer at all. */
  | { readonly kind: "unreachable"; readonly reason: string }
  /** There was an answer that is no stream, or a stream that broke off. */
  | { readonly kind: "broken"; readonly reason: string };

/**
 * In milliseconds: for the first word of a stream, and between two words; the issuer says one every 5 seconds.
 * Comments and halves of an event are none.
 */
export interface StreamTimeouts {
  readonly firstEvent: number;
  readonly silence: number;
}

/** What the issuer has now does not go on where the feed was left. */
export class ListReplaced extends IssuerError {
  constructor() {
    super("the list of ended sessions has begun anew");
  }
}

/** Longer than any event of the feed. */
const maxEvent = 65_536;

/** What is sent with every question: an answer from a cache would say that nobody has logged out since. */
export function feedHeaders({ guardKey }: FeedAddress): Record<string, string> {
  const headers = { "cache-control": "no-store" };
  return guardKey === undefined ? headers : { ...headers, authorization: `Bearer ${guardKey}` };
}

/**
 * Follows the feed over one connection, as server-sent events from where it was left, until it breaks.
 *
 * @param onCaughtUp called whenever the issuer says that all it knows has been sent
 */
export async function followStream(
  feed: RevocationList,
  address: FeedAddress,
  requests: Requests,
  silences: StreamTimeouts,
  onCaughtUp: () => void,
): Promise<FeedEnd> {
  const connection = timeoutSignal(silences.firstEvent, requests.closed);
  let answered = false;
  try {
    const answer = await requests.fetch(address.url, {
      headers: {
        accept: "text/event-stream",
        "last-event-id": String(feed.after),
        ...feedHeaders(address),
      },
      redirect: "manual",
      signal: connection.signal,
    });
    answered = true;
    if (answer.status !== 200) throw new IssuerError(`answered ${answer.status}`, answer.status);
    const type = answer.headers.get("content-type") ?? "";
    if (!/^text\/event-stream\s*(;|$)/i.test(type)) throw new IssuerError("no event stream", 200);
    feed.noteIssuerTime(answer.headers.get("date"));
    const decoder = new TextDecoder();
    const parser = feedParser(feed, () => connection.again(silences.silence), onCaughtUp);
    const reader = (answer.body ?? new Blob([]).stream()).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      parser.feed(decoder.decode(next.value, { stream: true }));
    }
    return { kind: "broken", reason: "the stream ended" };
  } catch (error) {
    return endOf(error, answered || connection.signal.aborted);
  } finally {
    connection.end();
  }
}

function feedParser(feed: RevocationList, onWord: () => void, onCaughtUp: () => void): EventSourceParser {
  let begun = false;
  return createParser({
    maxBufferSize: maxEvent,
    onEvent({ event, id, data }) {
      const message = readMessage(event, id, data);
      if (message === undefined) return;
      onWord();
      const revocation = message.kind === "session.ended" ? message.revocation : undefined;
      if (!begun && !feed.goesOnWith(revocation)) throw new ListReplaced();
      begun = true;
      if (message.kind === "session.ended") return feed.take(message.revocation);
      feed.caughtUp(message.cursor);
      onCaughtUp();
    },
    onError({ type }) {
      // Fields that are not known are passed over, as the format asks.
      if (type === "max-buffer-size-exceeded") throw new MalformedFeed("an event that does not end");
    },
  });
}

/** @param answered whether something is there that answers, or took the connection and kept silent */
export function endOf(error: unknown, answered: boolean): FeedEnd {
  if (error instanceof ListReplaced) return { kind: "another list", reason: error.message };
  if (error instanceof MalformedFeed) return { kind: "malformed", reason: error.message };
  const { message: reason, status } = issuerErrorOf(error);
  if (status === 401 || status === 403) return { kind: "refused", status, reason };
  return { kind: answered ? "broken" : "unreachable", reason };
}
