import { expect, test } from "vitest";
import { cursorOf, misbehaviour, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

test.each(Object.keys(misbehaviour))("the feed answers with %s, and then well again", async (what) => {
  await using issuer = await OwnIssuer.start();
  const answer = misbehaviour[what];
  if (answer === undefined) throw new Error("no such misbehaviour");
  issuer.answers.set("/revocations", answer);
  issuer.end("a");
  await using following = new Following(issuer);
  const { reason } = await following.heard("feed.lost");
  expect(reason).toMatch(/^[\w :,.'-]+$/);
  expect(following.health).toMatchObject({ state: "behind", staleFor: undefined });
  issuer.answers.clear();
  await following.heard("feed.followed");
  expect(following.revocations.isRevoked("a")).toBe(true);
});

test.each(["text/html", "application/json", "text/event-stream-like", "text/plain; text/event-stream"])(
  "a response of type %s is not a stream",
  async (type) => {
    await using issuer = await OwnIssuer.start();
    issuer.streams = (_request, response) => {
      response.writeHead(200, { "content-type": type }).end(cursorOf(9));
    };
    await using following = new Following(issuer);
    expect((await following.heard("feed.lost")).reason).toBe("the response is not an event stream");
    expect(await following.heard("feed.followed")).toMatchObject({ via: "poll", cursor: 0 });
  },
);

test.each(["text/event-stream; charset=utf-8", "Text/Event-Stream", "text/event-stream ;charset=utf-8"])(
  "a response of type %s is a stream",
  async (type) => {
    await using issuer = await OwnIssuer.start();
    issuer.streams = (_request, response) => {
      response.writeHead(200, { "content-type": type }).write(cursorOf(0));
    };
    await using following = new Following(issuer);
    expect(await following.heard("feed.followed")).toMatchObject({ via: "stream" });
  },
);
