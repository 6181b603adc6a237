import { beforeEach, expect, test } from "vitest";
import { SharedAnswers } from "../../src/identity/keycloak/shared-answers.ts";

let elapsed: number;
let asked: string[];
let repeats: number;
let shared: SharedAnswers<string>;
beforeEach(() => {
  elapsed = 0;
  asked = [];
  repeats = 0;
  shared = new SharedAnswers({ keepFor: 60, most: 20, steady: () => elapsed, next: (answer) => answer });
});

const question = (secret: string, grace: number, answer: Promise<string>) => ({
  grace,
  work() {
    asked.push(secret);
    return answer;
  },
  async repeated() {
    repeats++;
  },
  replay: async () => "replay",
});
const ask = (secret: string, grace = 10, answer = `after ${secret}`) =>
  shared.of(secret, question(secret, grace, Promise.resolve(answer)));

test("all who ask at once, and within the grace, get one answer", async () => {
  expect(await Promise.all([ask("a"), ask("a"), ask("b")])).toEqual(["after a", "after a", "after b"]);
  elapsed = 10;
  expect(await ask("a")).toBe("after a");
  expect(asked).toEqual(["a", "b"]);
});

test("after the grace it is asked again", async () => {
  await ask("a");
  elapsed = 11;
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

test("a failure is shared by callers that wait, and by no later one", async () => {
  const gate = Promise.withResolvers<string>();
  const waiting = [1, 2].map(() => shared.of("a", question("a", 10, gate.promise)).catch(() => "failed"));
  gate.reject(new Error("no"));
  expect(await Promise.all(waiting)).toEqual(["failed", "failed"]);
  expect(repeats).toBe(0);
  expect(await ask("a")).toBe("after a");
});

test("a caller with a longer grace gets the answer for longer", async () => {
  await ask("a");
  elapsed = 60;
  expect(await ask("a", 60)).toBe("after a");
  expect(asked).toEqual(["a"]);
  await ask("a", 10);
  expect(asked).toEqual(["a", "a"]);
});

test("every repeat is noted, and the twenty-first asks anew", async () => {
  await Promise.all(Array.from({ length: 50 }, () => ask("a")));
  expect(asked).toHaveLength(3);
  expect(repeats).toBe(47);
});

test("what is asked anew counts as young as it is", async () => {
  await ask("a");
  elapsed = 50;
  await ask("b");
  await ask("a");
  elapsed = 100;
  await ask("c");
  expect(await ask("a", 60)).toBe("after a");
  expect(asked).toEqual(["a", "b", "a", "c"]);
});
