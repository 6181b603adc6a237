import { describe, expect, test } from "vitest";
import { SessionLookups } from "../../src/feed/session-lookups.ts";
import { CloseSignal } from "../../src/support/close-signal.ts";
import { TestClock } from "../clock.ts";

describe("many concurrent lookups", () => {
  const address = { url: new URL("https://login.example/revocations"), guardKey: undefined };

  /** Answers when the test says so, and counts pending requests. */
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

  test("at most 16 requests run at once", async () => {
    const { fetch, open, most } = server();
    const questions = new SessionLookups({ fetch, closed: new CloseSignal() }, new TestClock());
    const answers: Promise<boolean>[] = [];
    const ask = () => answers.push(questions.hasEnded(`session-${answers.length}`, address));
    for (let index = 0; index < 40; index++) ask();
    // New lookups arrive at every step between two answers, also while a slot passes on.
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

  test("a lookup that queues too long fails without a request", async () => {
    const { fetch, open } = server();
    const clock = new TestClock();
    const questions = new SessionLookups({ fetch, closed: new CloseSignal() }, clock);
    const answers = Array.from({ length: 17 }, (_, index) => questions.hasEnded(`session-${index}`, address));
    while (open.length < 16) await Promise.resolve();
    clock.pass(2_000);
    for (const answer of open.splice(0)) answer();
    await expect(answers[16]).rejects.toThrow("too many lookups are waiting");
    expect(await Promise.all(answers.slice(0, 16))).not.toContain(true);
    expect(open).toEqual([]);
  });

  test("more than 10,000 are refused, and answered ones make room", async () => {
    const { fetch, open } = server();
    const clock = new TestClock();
    const questions = new SessionLookups({ fetch, closed: new CloseSignal() }, clock);
    const answers: Promise<unknown>[] = [];
    const ask = (name: string) => questions.hasEnded(name, address).catch((error: Error) => error.message);
    for (let index = 0; index < 10_000; index++) answers.push(ask(`session-${index}`));
    expect(await ask("one-more")).toBe("too many lookups are waiting");
    clock.pass(2_000);
    for (const answer of open.splice(0)) answer();
    await Promise.all(answers);
    const last = ask("one-more");
    while (open.length === 0) await Promise.resolve();
    open.shift()?.();
    expect(await last).toBe(false);
  });
});
