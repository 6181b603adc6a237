import { type Requests, requestJson } from "../issuer/issuer-request.ts";
import { type Clocks, momentOf } from "../support/clocks.ts";
import { type FeedAddress, feedHeaders, ListReplaced } from "./feed-connection.ts";
import { MalformedFeed, readPage } from "./feed-messages.ts";
import type { RevocationList } from "./revocation-list.ts";

/** A thousand revocations in their longest form. */
const maxBytes = 1_048_576;

/**
 * Catches up with the feed in its plain form, page by page.
 *
 * @throws {IssuerError}: {ListReplaced} where the feed must be read from its beginning, {MalformedFeed}
 */
export async function catchUp(
  feed: RevocationList,
  address: FeedAddress,
  requests: Requests,
  clocks: Clocks,
): Promise<void> {
  for (;;) {
    // What the answer says was true when it was made, and no later than it was asked for is what is certain.
    const askedAt = momentOf(clocks);
    const { after, last } = feed;
    const url = new URL(address.url);
    url.searchParams.set("after", String(after));
    const onAnswer = (headers: Headers) => feed.noteIssuerTime(headers.get("date"));
    const headers = feedHeaders(address);
    const page = readPage(await requestJson(requests, url, { headers, maxBytes, onAnswer }));
    if (!feed.goesOnWith(page.revocations[0])) throw new ListReplaced();
    for (const revocation of page.revocations) feed.take(revocation);
    if (!page.more) return feed.caughtUp(page.cursor, askedAt);
    if (feed.last === last) throw new MalformedFeed("a page that leads nowhere");
  }
}
