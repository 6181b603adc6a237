import { describe, expect, test } from "vitest";
import { type Answer, cursorOf, json, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

/** The answers of a proxy that blocks streams. */
const noStreams: Readonly<Record<string, Answer>> = {
  "502": json(() => ({}), 502),
  "the plain form": json(() => ({ revocations: [], cursor: 0, more: false })),
  "headers and nothing more": (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  },
  nothing: () => {},
  "a stream that ends before it says anything": (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).end();
  },
};

test.each(Object.keys(noStreams))("with %s instead of a stream the guard polls", async (what) => {
  await using issuer = await OwnIssuer.start();
  issuer.streams = noStreams[what];
  issuer.end("a");
  await using following = new Following(issuer, { timings: { firstEvent: 100 } });
  expect(await following.heard("feed.followed")).toEqual({ name: "feed.followed", via: "poll", cursor: 1 });
  expect(following.revocations.isRevoked("a")).toBe(true);
  issuer.end("b");
  await following.ended("b");
  expect(following.health).toMatchObject({ state: "following", cursor: 2, known: 2, problem: undefined });
});

describe("a proxy that cuts streams", () => {
  /** Lets a stream catch up and cuts it at once. */
  const cutting = (issuer: OwnIssuer): Answer => {
    return (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(issuer.ended.length === 0 ? cursorOf(0) : "");
    };
  };

  test("after three short streams in a row the guard polls", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.streams = cutting(issuer);
    await using following = new Following(issuer);
    await following.heard("feed.followed", 4);
    const via = following.all("feed.followed").map((event) => event.via);
    expect(via).toEqual(["stream", "stream", "stream", "poll"]);
    issuer.end("a");
    await following.ended("a");
    expect(following.revocations.isRevoked("a")).toBe(true);
  });

  test("a stream that falls silent after it has caught up is short too", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.streams = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(cursorOf(0));
    };
    await using following = new Following(issuer, { timings: { silence: 50 } });
    for (let times = 1; times <= 3; times++) {
      await following.heard("feed.followed", times);
      following.clock.pass(6_000);
    }
    await following.heard("feed.followed", 4);
    expect(following.all("feed.followed").at(-1)).toMatchObject({ via: "poll" });
  });

  test("streams that last never lead to polling", async () => {
    await using issuer = await OwnIssuer.start();
    await using following = new Following(issuer);
    for (let times = 1; times < 6; times++) {
      await following.heard("feed.followed", times);
      following.clock.pass(5_000);
      issuer.heartbeat();
      issuer.end(`mark-${times}`);
      await following.ended(`mark-${times}`);
      issuer.cut();
    }
    await following.heard("feed.followed", 6);
    expect(following.all("feed.followed").every(({ via }) => via === "stream")).toBe(true);
  });
});

test("later a stream is tried again, and its failure is not reported again", async () => {
  await using issuer = await OwnIssuer.start();
  const second = Promise.withResolvers<void>();
  let tries = 0;
  issuer.streams = (request, response) => {
    tries += 1;
    if (tries === 2) second.resolve();
    json(() => ({}), 502)(request, response);
  };
  await using following = new Following(issuer, { timings: { pollDuration: 1_000 } });
  await following.heard("feed.followed");
  following.clock.pass(1_000);
  await second.promise;
  issuer.end("a");
  await following.ended("a");
  issuer.streams = undefined;
  following.clock.pass(1_000);
  expect(await following.heard("feed.followed", 2)).toMatchObject({ via: "stream" });
  const names = following.events.map(({ name }) => name);
  expect(names).toEqual(["feed.lost", "feed.followed", "session.ended", "feed.followed"]);
});

test("a long list arrives page by page", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.streams = json(() => ({}), 502);
  for (let number = 1; number <= 3_500; number++) issuer.end(`session-${number}`);
  await using following = new Following(issuer);
  expect(await following.heard("feed.followed")).toMatchObject({ cursor: 3_500 });
  expect(following.health).toMatchObject({ known: 3_500 });
  const pages = issuer.requests.filter((request) => request.includes("?after="));
  expect(pages.slice(0, 4)).toEqual([0, 999, 1_998, 2_997].map((after) => `/revocations?after=${after}`));
});

test.each([0, 1, 2])("a new list of %i instead of 3 is read from its beginning", async (reach) => {
  await using issuer = await OwnIssuer.start();
  issuer.streams = json(() => ({}), 502);
  for (const session of ["a", "b", "c"]) issuer.end(session);
  await using following = new Following(issuer);
  await following.heard("feed.followed");
  issuer.restore(reach);
  for (const session of ["d", "e", "f", "g"]) issuer.end(session);
  await following.heard("feed.followed", 2);
  for (const session of "abcdefg") expect(following.revocations.isRevoked(session)).toBe(true);
  expect(following.health).toMatchObject({ state: "following", cursor: reach + 4 });
});

test("an answer counts from the time of its request", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.streams = json(() => ({}), 502);
  await using following = new Following(issuer, {
    fetch: async (...of) => {
      const answer = await fetch(...of);
      if (String(of[0]).includes("?after=")) following.clock.pass(7_000);
      return answer;
    },
    timings: { pollInterval: 20_000 },
  });
  await following.heard("feed.followed");
  expect(following.health.staleFor).toBe(7_000);
});

test("if polling fails too, the feed is lost until one of them succeeds", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.streams = json(() => ({}), 502);
  await using following = new Following(issuer);
  await following.heard("feed.followed");
  const lost = following.all("feed.lost").length;
  issuer.answers.set(
    "/revocations",
    json(() => ({}), 500),
  );
  expect((await following.heard("feed.lost", lost + 1)).reason).toBe("answered 500");
  expect(following.health).toMatchObject({ state: "behind", problem: "answered 500" });
  issuer.answers.clear();
  expect(await following.heard("feed.followed", 2)).toMatchObject({ via: "poll" });
  expect(following.health).toMatchObject({ state: "following", problem: undefined });
});

test("requests for pages and streams bypass caches", async () => {
  await using issuer = await OwnIssuer.start();
  const asked: unknown[] = [];
  issuer.answers.set("/revocations", (request, response) => {
    asked.push(request.headers["cache-control"]);
    const stream = request.headers.accept === "text/event-stream";
    json(() => ({ revocations: [], cursor: 0, more: false }), stream ? 502 : 200)(request, response);
  });
  await using following = new Following(issuer);
  await following.heard("feed.followed");
  expect(asked.slice(0, 2)).toEqual(["no-store", "no-store"]);
});
