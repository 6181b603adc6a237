import { beforeEach, expect, test } from "vitest";
import { SharedAnswers } from "../../src/identity/keycloak/shared-answers.ts";

let now: number;
let asked: string[];
let shared: SharedAnswers<string>;
beforeEach(() => {
  now = 0;
  asked = [];
  shared = new SharedAnswers({ grace: 10, clock: () => now, next: (answer) => answer });
});

const ask = (secret: string, answer = `after ${secret}`) =>
  shared.of(
    secret,
    async () => {
      asked.push(secret);
      return answer;
    },
    async () => "replay",
  );

test("all who ask at once, and within the grace, get one answer", async () => {
  expect(await Promise.all([ask("a"), ask("a"), ask("b")])).toEqual(["after a", "after a", "after b"]);
  now = 10;
  expect(await ask("a")).toBe("after a");
  expect(asked).toEqual(["a", "b"]);
});

test("after the grace it is asked again", async () => {
  await ask("a");
  now = 11;
  await ask("a");
  expect(asked).toEqual(["a", "a"]);
});

test("who asks as before although somebody went on is a replay", async () => {
  await ask("a");
  await ask("after a");
  expect(await ask("a")).toBe("replay");
  expect(await ask("after a")).toBe("after after a");
  expect(asked).toEqual(["a", "after a"]);
});

test("a failure is shared by those who wait, and by nobody later", async () => {
  const gate = Promise.withResolvers<string>();
  const waiting = [1, 2].map(() =>
    shared
      .of(
        "a",
        () => gate.promise,
        async () => "replay",
      )
      .catch(() => "failed"),
  );
  gate.reject(new Error("no"));
  expect(await Promise.all(waiting)).toEqual(["failed", "failed"]);
  expect(await ask("a")).toBe("after a");
});
