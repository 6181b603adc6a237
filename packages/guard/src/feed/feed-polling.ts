import { type Requests, requestJson } from "../issuer/issuer-request.ts";
import { type Clocks, momentOf } from "../support/clocks.ts";
import { type FeedAddress, feedHeaders, ListReplaced } from "./feed-connection.ts";
import { MalformedFeed, readPage } from "./feed-messages.ts";
import type { RevocationList } from "./revocation-list.ts";

/** Longest accepted page, in bytes: a thousand revocations in their longest form. */
const maxBytes = 1_048_576;

/**
 * Reads the feed as JSON, page by page, to its end.
 *
 * @throws {ListReplaced} if the list must be read from its beginning
 * @throws {MalformedFeed} and other errors of {IssuerError}
 */
export async function catchUp(
  feed: RevocationList,
  address: FeedAddress,
  requests: Requests,
  clocks: Clocks,
): Promise<void> {
  for (;;) {
    // The answer was made after this moment. Its exact time is unknown, so the earlier moment counts.
    const askedAt = momentOf(clocks);
    const { after, last } = feed;
    const url = new URL(address.url);
    url.searchParams.set("after", String(after));
    const onAnswer = (headers: Headers) => feed.noteIssuerTime(headers.get("date"));
    const headers = feedHeaders(address);
    const page = readPage(await requestJson(requests, url, { headers, maxBytes, onAnswer }));
    if (!feed.continuesWith(page.revocations[0])) throw new ListReplaced();
    for (const revocation of page.revocations) feed.take(revocation);
    if (!page.more) return feed.caughtUp(page.cursor, askedAt);
    if (feed.last === last) throw new MalformedFeed("a page without progress");
  }
}
