import { describe, expect, test } from "vitest";
import { SessionQuestions } from "../../src/session-questions.ts";
import { TestClock } from "../clock.ts";
import { type Answer, json, misbehaviour, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

/** A guard that lost the feed and asks. */
async function asking(issuer: OwnIssuer): Promise<Following> {
  issuer.answers.set(
    "/revocations",
    json(() => ({}), 503),
  );
  const following = new Following(issuer, { settings: { whenStale: "ask" }, patience: 20 });
  await following.heard("feed.lost");
  return following;
}

test("the issuer is asked about each session", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.end("a");
  await using following = await asking(issuer);
  expect(await following.verdict("a")).toBe("ended");
  expect(await following.verdict("b")).toBe("not ended");
});

test("a session that has ended is not asked about again, and is told of", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.end("a");
  await using following = await asking(issuer);
  await following.verdict("a");
  following.clock.pass(3_600_000);
  expect(following.revocations.isRevoked("a")).toBe(true);
  expect(issuer.asked("/revocations/a")).toBe(1);
  expect(following.all("session.ended")).toEqual([{ name: "session.ended", sessionId: "a" }]);
});

test("one question at a time, and its answer counts for a second", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = await asking(issuer);
  await Promise.all(["a", "a", "a"].map((session) => following.verdict(session)));
  following.clock.pass(999);
  await following.verdict("a");
  expect(issuer.asked("/revocations/a")).toBe(1);
  issuer.end("a");
  following.clock.pass(1);
  expect(await following.verdict("a")).toBe("ended");
  expect(issuer.asked("/revocations/a")).toBe(2);
});

test("while a question waits for its answer, nobody asks it again", async () => {
  await using issuer = await OwnIssuer.start();
  const asked = Promise.withResolvers<() => void>();
  issuer.answers.set("/revocations/a", (request, response) => {
    asked.resolve(() => json(() => ({ sessionId: "a", ended: false }))(request, response));
  });
  await using following = await asking(issuer);
  const first = following.verdict("a");
  const answer = await asked.promise;
  following.clock.pass(1_500);
  const second = following.verdict("a");
  answer();
  expect(await Promise.all([first, second])).toEqual(["not ended", "not ended"]);
  expect(issuer.asked("/revocations/a")).toBe(1);
});

test("a failure counts for a second too, and then another try may succeed", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.answers.set(
    "/revocations/a",
    json(() => ({}), 503),
  );
  await using following = await asking(issuer);
  expect(await following.verdict("a")).toBe("revocations_unavailable");
  issuer.answers.delete("/revocations/a");
  expect(await following.verdict("a")).toBe("revocations_unavailable");
  following.clock.pass(1_000);
  expect(await following.verdict("a")).toBe("not ended");
  expect(issuer.asked("/revocations/a")).toBe(2);
});

describe("an answer that is none refuses the token", () => {
  const wrong: Record<string, Answer> = {
    ...misbehaviour,
    "401": json(() => ({}), 401),
    "403": json(() => ({}), 403),
    "another session": json(() => ({ sessionId: "b", ended: false })),
    "no session": json(() => ({ ended: false })),
    "no verdict": json(() => ({ sessionId: "a" })),
    "a verdict in words": json(() => ({ sessionId: "a", ended: "false" })),
    "a list with the answer": json(() => [{ sessionId: "a", ended: false }]),
    "more than an answer holds": json(() => ({ sessionId: "a", ended: false, more: "x".repeat(5_000) })),
    nothing: () => {},
  };
  test.each(Object.keys(wrong))("%s", async (what) => {
    await using issuer = await OwnIssuer.start();
    const answer = wrong[what];
    if (answer === undefined) throw new Error("no such answer");
    issuer.answers.set("/revocations/a", answer);
    await using following = await asking(issuer);
    expect(await following.verdict("a")).toBe("revocations_unavailable");
  });
});

test.each(["a/b", "a?b=c", "a#b", "ä€😀", "%2F", "a b", "a\\b", "a;b"])(
  "a session may be called anything: %s",
  async (session) => {
    await using issuer = await OwnIssuer.start();
    issuer.end(session);
    await using following = await asking(issuer);
    expect(await following.verdict(session)).toBe("ended");
    expect(issuer.requests).toContainEqual(expect.stringMatching(/^\/revocations\/[^/?#]+$/));
  },
);

test.each(["..", ".", "\ud800"])("what cannot be asked about is refused: %j", async (session) => {
  await using issuer = await OwnIssuer.start();
  await using following = await asking(issuer);
  expect(await following.verdict(session)).toBe("revocations_unavailable");
});

describe("many questions at once", () => {
  const address = { url: new URL("https://login.example/revocations"), guardKey: undefined };

  /** Answers when it is told to, and counts how many wait for it. */
  function server() {
    const open: (() => void)[] = [];
    let most = 0;
    const fetch = async (to: string | URL | Request) => {
      await new Promise<void>((resolve) => {
        open.push(resolve);
        most = Math.max(most, open.length);
      });
      const sessionId = decodeURIComponent(String(to).split("/").at(-1) ?? "");
      return Response.json({ sessionId, ended: false });
    };
    return { fetch, open, most: () => most };
  }

  test("16 are on their way, whenever others come", async () => {
    const { fetch, open, most } = server();
    const questions = new SessionQuestions({ fetch, closed: new AbortController().signal }, new TestClock());
    const answers: Promise<boolean>[] = [];
    const ask = () => answers.push(questions.hasEnded(`session-${answers.length}`, address));
    for (let index = 0; index < 40; index++) ask();
    // Others come at every moment between two answers, the one in which a place is free among them.
    const moments = 50;
    for (let moment = 0; moment < moments; moment++) {
      while (open.length === 0) await Promise.resolve();
      open.shift()?.();
      for (let left = moments; left > 0; left--) {
        await Promise.resolve();
        if (left === moment) ask();
      }
    }
    const all = Promise.all(answers).then(() => true);
    while (!(await Promise.race([all, Promise.resolve(false)]))) open.shift()?.();
    expect(most()).toBe(16);
  });

  test("one that waits for its turn too long is not asked any more", async () => {
    const { fetch, open } = server();
    const clock = new TestClock();
    const questions = new SessionQuestions({ fetch, closed: new AbortController().signal }, clock);
    const answers = Array.from({ length: 17 }, (_, index) => questions.hasEnded(`session-${index}`, address));
    while (open.length < 16) await Promise.resolve();
    clock.pass(2_000);
    for (const answer of open.splice(0)) answer();
    await expect(answers[16]).rejects.toThrow("too many questions wait");
    expect(await Promise.all(answers.slice(0, 16))).not.toContain(true);
    expect(open).toEqual([]);
  });

  test("more than 10,000 at once are refused, and those who were answered make room", async () => {
    const { fetch, open } = server();
    const clock = new TestClock();
    const questions = new SessionQuestions({ fetch, closed: new AbortController().signal }, clock);
    const answers: Promise<unknown>[] = [];
    const ask = (name: string) => questions.hasEnded(name, address).catch((error: Error) => error.message);
    for (let index = 0; index < 10_000; index++) answers.push(ask(`session-${index}`));
    expect(await ask("one-more")).toBe("too many questions wait");
    clock.pass(2_000);
    for (const answer of open.splice(0)) answer();
    await Promise.all(answers);
    const last = ask("one-more");
    while (open.length === 0) await Promise.resolve();
    open.shift()?.();
    expect(await last).toBe(false);
  });
});

test("a guard that is closed asks nobody, and whoever waits is told", async () => {
  await using issuer = await OwnIssuer.start();
  const asked = Promise.withResolvers<void>();
  issuer.answers.set("/revocations/a", () => asked.resolve());
  await using following = await asking(issuer);
  const verdict = following.verdict("a");
  await asked.promise;
  following.close();
  expect(await verdict).toBe("revocations_unavailable");
  expect(await following.verdict("b")).toBe("revocations_unavailable");
  expect(issuer.asked("/revocations/b")).toBe(0);
});
