import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { LatchkeyError } from "../../src/core/errors.ts";
import { CircuitOpen } from "../../src/core/throttle/circuit-breaker.ts";
import { createPasswordCheck, type PasswordCheck } from "../../src/identity/keycloak/password-check.ts";
import type { RealmGrant } from "../../src/identity/keycloak/realm.ts";
import {
  RealmMisconfigured,
  RealmUnavailable,
  toLatchkeyError,
} from "../../src/identity/keycloak/realm-errors.ts";
import type { RealmRefusal } from "../../src/identity/keycloak/refusals.ts";

const granted = { accessToken: "a", refreshToken: "r", idToken: undefined, refreshableFor: undefined };
const wrong = { refused: "Invalid user credentials" };
const disabled = { refused: "Account disabled" };
const falseRejection = { code: "provider_unavailable", retryAfter: 1 };

type Answer = RealmGrant | RealmRefusal | Error;

/** The realm's answers to the next logins, in their order. */
let script: (Answer | Promise<Answer>)[];
let asked: string[];
let now: number;
let check: PasswordCheck;
beforeEach(() => {
  script = [];
  asked = [];
  now = 0;
  const realm = {
    timeout: 1_000,
    async signIn(username: string, password: string) {
      asked.push(`${username} ${password}`);
      const next = await script.shift();
      if (next === undefined) throw new Error("an unexpected login");
      if (next instanceof Error) throw toLatchkeyError(next);
      return next;
    },
  };
  check = createPasswordCheck(realm, () => now);
});

const login = (account = "alice") => check(account, { username: account, password: "hunter2" });
/** Later than the two seconds in which a rejection is checked once more. */
const later = () => {
  now += 2_000;
};

describe("a rejection", () => {
  test("is passed on after a single try", async () => {
    script = [wrong];
    expect(await login()).toEqual(wrong);
    expect(asked).toEqual(["alice hunter2"]);
  });

  test.each([
    ["right", granted],
    ["wrong", wrong],
  ])("within two seconds of another login is checked again, and may be %s", async (_what, second) => {
    script = [granted, wrong, second];
    await login();
    now = 1_999;
    expect(await login()).toEqual(second);
    expect(asked).toHaveLength(3);
  });

  test("other than a wrong password is passed on at once", async () => {
    script = [granted, disabled];
    await login();
    expect(await login()).toEqual(disabled);
  });
});

test("a login that ended in a fault of the realm's settings is recent as well", async () => {
  script = [new RealmMisconfigured("no refresh tokens"), wrong, granted];
  await expect(login()).rejects.toMatchObject({ code: "provider_unavailable" });
  expect(await login()).toEqual(granted);
});

test("a flood of logins that the realm never got displaces no recent login", async () => {
  script = [granted];
  await login();
  const refusals: Error[] = [new LatchkeyError("overloaded"), new CircuitOpen(1000)];
  for (let number = 0; number < 10_000; number++) {
    script = [refusals[number % 2] ?? wrong];
    await expect(login(`name ${number}`)).rejects.toThrow(LatchkeyError);
  }
  now = 500;
  script = [wrong, granted];
  expect(await login()).toEqual(granted);
});

test("a recent login of another account does not matter", async () => {
  script = [granted, wrong];
  await login("bob");
  expect(await login()).toEqual(wrong);
});

test("logins of one account take turns, and those of another run in parallel", async () => {
  const gates = [1, 2, 3].map(() => Promise.withResolvers<RealmGrant>());
  const [first, second, third] = gates;
  script = gates.map(({ promise }) => promise);
  const all = [login(), login(), login("bob")];
  await setImmediate();
  expect(asked).toEqual(["alice hunter2", "bob hunter2"]);
  for (const gate of [second, first, third]) gate?.resolve(granted);
  expect(await Promise.all(all)).toEqual([granted, granted, granted]);
  expect(asked).toEqual(["alice hunter2", "bob hunter2", "alice hunter2"]);
});

describe("after a login with an unknown outcome", () => {
  beforeEach(async () => {
    script = [new RealmUnavailable("no answer in time")];
    await expect(login()).rejects.toMatchObject({ code: "provider_unavailable" });
    later();
  });

  test("a rejection of the account is false for a minute", async () => {
    script = [wrong, wrong];
    now = 59_999;
    await expect(login()).rejects.toMatchObject(falseRejection);
    now = 62_000;
    expect(await login()).toEqual(wrong);
  });

  test("a rejection of another account counts", async () => {
    script = [wrong];
    expect(await login("bob")).toEqual(wrong);
  });

  test.each([
    ["a success", granted],
    ["a disabled account", disabled],
  ])("%s shows that the realm has finished that login", async (_what, answer) => {
    script = [answer, wrong];
    expect(await login()).toEqual(answer);
    later();
    expect(await login()).toEqual(wrong);
  });

  test("ten thousand later such logins evict it from memory", async () => {
    const others = Array.from({ length: 10_000 }, (_, number) => `user ${number}`);
    // One error for all: ten thousand stack traces would take a second.
    const unanswered = new LatchkeyError("provider_unavailable", { cause: new RealmUnavailable() });
    script = others.map(() => unanswered);
    for (const other of others) await login(other).catch(() => {});
    script = [wrong];
    expect(await login()).toEqual(wrong);
  });

  test("a second such login starts the minute again", async () => {
    now = 50_000;
    script = [new RealmUnavailable("no answer in time"), wrong];
    await expect(login()).rejects.toBeInstanceOf(LatchkeyError);
    now = 109_999;
    await expect(login()).rejects.toMatchObject(falseRejection);
  });
});

test("a login that was never sent has no effect on the next", async () => {
  script = [new LatchkeyError("overloaded", { retryAfter: 1 }), wrong];
  await expect(login()).rejects.toMatchObject({ code: "overloaded" });
  later();
  expect(await login()).toEqual(wrong);
});
