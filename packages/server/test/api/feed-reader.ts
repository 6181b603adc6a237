import { get, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { TestServer } from "@latchkey/testkit/server/test-server";

/** One server-sent event (WHATWG HTML §9.2.5). */
export interface FeedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** A stream of the ended sessions, read event by event. */
export interface FeedReader extends Disposable {
  readonly headers: IncomingHttpHeaders;
  /** The next event. Undefined after the end of the stream. */
  next(): Promise<FeedEvent | undefined>;
  /** All events up to the next `cursor`, which marks the end of the list. */
  untilCursor(): Promise<FeedEvent[]>;
}

/** Follows the feed. */
export async function followFeed(
  server: Pick<TestServer, "url">,
  headers: Readonly<Record<string, string>> = {},
): Promise<FeedReader> {
  const response = await answerOf(server, "/revocations", { accept: "text/event-stream", ...headers });
  response.setEncoding("utf8");
  const chunks = response[Symbol.asyncIterator]();
  let read = "";

  async function next(): Promise<FeedEvent | undefined> {
    for (;;) {
      const end = read.indexOf("\n\n");
      if (end !== -1) {
        const text = read.slice(0, end);
        read = read.slice(end + 2);
        return eventIn(text);
      }
      const { done, value } = await chunks.next();
      if (done) return undefined;
      read += value;
    }
  }

  return {
    headers: response.headers,
    next,
    async untilCursor() {
      const events: FeedEvent[] = [];
      while (events.at(-1)?.event !== "cursor") {
        const event = await next();
        if (event === undefined) throw new Error("the stream has ended");
        events.push(event);
      }
      return events;
    },
    [Symbol.dispose]: () => response.destroy(),
  };
}

/** Sends a GET with any header, `Host` too, which `fetch` does not. */
export function answerOf(
  { url }: Pick<TestServer, "url">,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(new URL(path, url), { headers, agent: false }, resolve).once("error", reject);
  });
}

function eventIn(text: string): FeedEvent {
  const fields = Object.fromEntries(
    text.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  );
  const { id = "", event = "", data = "" } = fields;
  return { id, event, data: JSON.parse(data) };
}
