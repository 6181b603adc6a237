import { expect, test } from "vitest";
import { createUserOf } from "../../src/core/stories/current-user.ts";

const hour = 3_600_000;
const principal = {
  userId: "user:alice",
  username: "alice",
  sessionId: "s1",
  expiresAt: hour,
  roles: [],
  scopes: [],
  claims: {},
};
const alice = {
  id: "user:alice",
  username: "alice",
  email: "alice@example.com",
  displayName: null,
  active: true,
  roles: [],
};

/** A reader of users that counts its reads. */
function counted() {
  let [wall, elapsed, reads] = [hour, 0, 0];
  const provider = {
    async byId() {
      reads++;
      return alice;
    },
  };
  const userOf = createUserOf(provider, { now: () => wall, steady: () => elapsed });
  return {
    read: () => userOf(principal),
    reads: () => reads,
    pass(ms: number) {
      wall += ms;
      elapsed += ms;
    },
    step(ms: number) {
      wall += ms;
    },
  };
}

test.each([-hour, hour])("a wall clock step of %i ms costs one read, not one per request", async (step) => {
  const { read, reads, step: stepBy } = counted();
  await read();
  stepBy(step);
  for (let request = 0; request < 10; request++) await read();
  expect(reads()).toBeLessThanOrEqual(2);
});

test("a user is read again after half a second, also if the clock is set back", async () => {
  const { read, reads, pass, step } = counted();
  await read();
  step(-hour);
  pass(499);
  await read();
  expect(reads()).toBe(1);
  pass(1);
  await read();
  expect(reads()).toBe(2);
});
