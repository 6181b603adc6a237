import { type Clocks, momentOf } from "./clocks.ts";
import { type FeedAddress, feedHeaders } from "./feed-connection.ts";
import { MalformedFeed, readPage } from "./feed-messages.ts";
import { type Requests, requestJson } from "./issuer-request.ts";
import type { RevocationFeed } from "./revocation-feed.ts";

/** A thousand revocations in their longest form. */
const maxBytes = 1_048_576;

/**
 * Catches up with the feed in its plain form, page by page.
 *
 * @throws {IssuerProblem} or {MalformedFeed}
 */
export async function catchUp(
  feed: RevocationFeed,
  address: FeedAddress,
  requests: Requests,
  clocks: Clocks,
): Promise<void> {
  for (let after = feed.cursor; ; ) {
    // What the answer says was true when it was made, and no later than it was asked for is what is certain.
    const askedAt = momentOf(clocks);
    const url = new URL(address.url);
    url.searchParams.set("after", String(after));
    const page = readPage(await requestJson(requests, url, { headers: feedHeaders(address), maxBytes }));
    if (page.more && page.cursor === after) throw new MalformedFeed("a page that leads nowhere");
    for (const revocation of page.revocations) feed.take(revocation);
    // The list has never reached as far as it was asked for: it is another one, to be read from its beginning.
    const another = page.cursor < after && page.revocations.length === 0 && page.cursor > 0;
    if (!another && !page.more) return feed.caughtUp(page.cursor, askedAt);
    after = another ? 0 : page.cursor;
  }
}
