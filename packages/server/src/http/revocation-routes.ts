import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LatchkeyError } from "../core/errors.ts";
import type { Revocations } from "../core/tokens/revocations.ts";
import { type AccessKeys, keyCheck } from "./access-keys.ts";
import { describeRevocations, describeSessionState } from "./openapi-operations.ts";
import { eventStreamPreferred, pageSize, RevocationStream } from "./revocation-stream.ts";

/** The revocation list, and the keys that may read it. */
export interface RevocationRouteOptions extends AccessKeys {
  readonly revocations: Revocations;
}

/** Milliseconds between two heartbeats on a stream. */
const heartbeatEvery = 5_000;
/** Limit of open streams. A further guard gets 503 and reads pages instead. */
const maxStreams = 1_000;
/** In characters. Session ids of an identity provider are not longer either. */
const longestSessionId = 100;

/**
 * Serves the revocation list to guards: as server-sent events from a cursor (WHATWG HTML §9.2), as pages of JSON, and
 * for one session.
 */
export function revocationRoutes(app: FastifyInstance, feed: RevocationRouteOptions): void {
  const { revocations } = feed;
  const streams = new Map<RevocationStream, FastifyReply>();
  const onRequest = [keyCheck("invalid_guard_key", feed), () => revocations.refresh()];

  const unlisten = revocations.onAdded(() => {
    for (const stream of streams.keys()) void stream.send();
  });
  const heartbeat = setInterval(() => {
    revocations.refresh().then(
      () => {
        for (const stream of streams.keys()) stream.heartbeat();
      },
      // This server cannot read the list. A guard that reconnects reaches another server, or gets an error.
      endStreams,
    );
  }, heartbeatEvery);
  heartbeat.unref();
  app.addHook("preClose", async () => {
    clearInterval(heartbeat);
    unlisten();
    endStreams();
  });

  function endStreams(): void {
    for (const reply of streams.values()) reply.raw.end();
  }

  function openStream(request: FastifyRequest, reply: FastifyReply): void {
    if (streams.size >= maxStreams) throw new LatchkeyError("overloaded", { retryAfter: 5 });
    const resumed = request.headers["last-event-id"];
    const stream = new RevocationStream(reply.raw, revocations, cursorOf(resumed));
    streams.set(stream, reply);
    reply.raw.once("close", () => streams.delete(stream));
    reply.hijack();
    reply.header("content-type", "text/event-stream; charset=utf-8").header("x-accel-buffering", "no");
    for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value ?? "");
    void stream.send();
  }

  app.get<{ Querystring: { after?: string } }>(
    "/revocations",
    { schema: describeRevocations(feed), onRequest, exposeHeadRoute: false },
    (request, reply) => {
      if (eventStreamPreferred(request.headers.accept)) return openStream(request, reply);
      const found = revocations.after(cursorOf(request.query.after), pageSize + 1);
      const more = found.length > pageSize;
      const page = found.slice(0, pageSize);
      const last = more ? page.at(-1)?.number : undefined;
      reply.send({ revocations: page, cursor: last ?? revocations.cursor, more });
    },
  );
  app.get<{ Params: { sessionId: string } }>(
    "/revocations/:sessionId",
    { schema: describeSessionState(feed), onRequest, exposeHeadRoute: false },
    async ({ params: { sessionId } }) => {
      if (sessionId.length > longestSessionId) throw new LatchkeyError("not_found");
      return { sessionId, ended: await revocations.isRevoked(sessionId) };
    },
  );
}

/** The cursor in a text. Zero, the start of the list, if it is absent or malformed. */
function cursorOf(text: string | string[] | undefined): number {
  return typeof text === "string" && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
