import { beforeEach, expect, test } from "vitest";
import { IdempotencyWindow } from "../../src/identity/keycloak/idempotency-window.ts";

let elapsed: number;
let runs: string[];
let repeats: number;
let idempotency: IdempotencyWindow<string>;
beforeEach(() => {
  elapsed = 0;
  runs = [];
  repeats = 0;
  idempotency = new IdempotencyWindow({
    keepFor: 60,
    maxRepeats: 20,
    steady: () => elapsed,
    successorOf: (answer) => answer,
  });
});

const request = (secret: string, window: number, answer: Promise<string>) => ({
  window,
  work() {
    runs.push(secret);
    return answer;
  },
  async onRepeat() {
    repeats++;
  },
  onReplay: async () => "replay",
});
const send = (secret: string, window = 10, answer = `after ${secret}`) =>
  idempotency.run(secret, request(secret, window, Promise.resolve(answer)));

test("concurrent requests, and repeats within the window, get one answer", async () => {
  expect(await Promise.all([send("a"), send("a"), send("b")])).toEqual(["after a", "after a", "after b"]);
  elapsed = 10;
  expect(await send("a")).toBe("after a");
  expect(runs).toEqual(["a", "b"]);
});

test("a repeat after the window runs again", async () => {
  await send("a");
  elapsed = 11;
  await send("a");
  expect(runs).toEqual(["a", "a"]);
});

test("a repeat after the use of the successor is a replay", async () => {
  await send("a");
  await send("after a");
  expect(await send("a")).toBe("replay");
  expect(await send("after a")).toBe("after after a");
  expect(runs).toEqual(["a", "after a"]);
});

test("concurrent requests share a failure, a later one runs again", async () => {
  const gate = Promise.withResolvers<string>();
  const waiting = [1, 2].map(() =>
    idempotency.run("a", request("a", 10, gate.promise)).catch(() => "failed"),
  );
  gate.reject(new Error("no"));
  expect(await Promise.all(waiting)).toEqual(["failed", "failed"]);
  expect(repeats).toBe(0);
  expect(await send("a")).toBe("after a");
});

test("a request with a longer window gets the answer for longer", async () => {
  await send("a");
  elapsed = 60;
  expect(await send("a", 60)).toBe("after a");
  expect(runs).toEqual(["a"]);
  await send("a", 10);
  expect(runs).toEqual(["a", "a"]);
});

test("every repeat is reported, and the twenty-first runs again", async () => {
  await Promise.all(Array.from({ length: 50 }, () => send("a")));
  expect(runs).toHaveLength(3);
  expect(repeats).toBe(47);
});

test("an answer that was renewed is kept for its whole time", async () => {
  await send("a");
  elapsed = 50;
  await send("b");
  await send("a");
  elapsed = 100;
  await send("c");
  expect(await send("a", 60)).toBe("after a");
  expect(runs).toEqual(["a", "b", "a", "c"]);
});
