import { createParser, type EventSourceParser } from "eventsource-parser";
import { IssuerError, issuerErrorOf, type Requests, timeoutSignal } from "../issuer/issuer-request.ts";
import { MalformedFeed, readEvent } from "./feed-messages.ts";
import type { RevocationList } from "./revocation-list.ts";

/** The address of the feed, and the key that it needs. */
export interface FeedAddress {
  readonly url: URL;
  readonly guardKey: string | undefined;
}

/** Why a connection to the feed ended. */
export type FeedEnd =
  /** The issuer refuses this guard. */
  | { readonly kind: "refused"; readonly status: 401 | 403; readonly reason: string }
  | { readonly kind: "malformed"; readonly reason: string }
  /** The list does not continue from the guard's position. */
  | { readonly kind: "another list"; readonly reason: string }
  /** No response came. */
  | { readonly kind: "unreachable"; readonly reason: string }
  /** The response was not a stream, or the stream broke off. */
  | { readonly kind: "broken"; readonly reason: string };

/**
 * Timeouts of a stream, in milliseconds: to its first event, and between two events. The issuer sends one every
 * 5 seconds. Comments and incomplete events do not count.
 */
export interface StreamTimeouts {
  readonly firstEvent: number;
  readonly silence: number;
}

/**
 * The issuer's list does not continue from the guard's position: it is another list, or older entries are gone.
 */
export class ListReplaced extends IssuerError {
  constructor() {
    super("the list of ended sessions has begun anew");
  }
}

/** Longest accepted event, in characters: more than any event of the feed has. */
const maxEvent = 65_536;

/** Headers of every request to the feed. A cached answer would hide later logouts, so caches are bypassed. */
export function feedHeaders({ guardKey }: FeedAddress): Record<string, string> {
  const headers = { "cache-control": "no-store" };
  return guardKey === undefined ? headers : { ...headers, authorization: `Bearer ${guardKey}` };
}

/**
 * Follows the feed over one connection of server-sent events, from the guard's position until the connection
 * ends.
 *
 * @param onCaughtUp called whenever the issuer says that it has sent the whole list
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
    if (!/^text\/event-stream\s*(;|$)/i.test(type))
      throw new IssuerError("the response is not an event stream", 200);
    feed.noteIssuerTime(answer.headers.get("date"));
    const decoder = new TextDecoder();
    const parser = feedParser(feed, () => connection.restart(silences.silence), onCaughtUp);
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
      const message = readEvent(event, id, data);
      if (message === undefined) return;
      onWord();
      const revocation = message.kind === "session.ended" ? message.revocation : undefined;
      if (!begun && !feed.continuesWith(revocation)) throw new ListReplaced();
      begun = true;
      if (message.kind === "session.ended") return feed.take(message.revocation);
      feed.caughtUp(message.cursor);
      onCaughtUp();
    },
    onError({ type }) {
      // Unknown fields are skipped, as the format asks.
      if (type === "max-buffer-size-exceeded") throw new MalformedFeed("an event that is too long");
    },
  });
}

/** @param answered whether there was a response, or a connection that stayed silent */
export function endOf(error: unknown, answered: boolean): FeedEnd {
  if (error instanceof ListReplaced) return { kind: "another list", reason: error.message };
  if (error instanceof MalformedFeed) return { kind: "malformed", reason: error.message };
  const { message: reason, status } = issuerErrorOf(error);
  if (status === 401 || status === 403) return { kind: "refused", status, reason };
  return { kind: answered ? "broken" : "unreachable", reason };
}
