import { afterAll, expect, test } from "vitest";
import { MemoryAttemptCounter } from "../../src/core/throttle/memory-attempt-counter.ts";
import { Throttle } from "../../src/core/throttle/throttle.ts";
import { realmAccounts } from "../../src/identity/keycloak/accounts.ts";
import { openStore } from "../../src/store/store.ts";
import { workLog } from "../api/work-log.ts";

const log = workLog();
afterAll(() => log[Symbol.dispose]());

const caller = { address: "192.0.2.1", requestId: "test" };
const once = { limit: 1, windowMs: 1000 };
const often = { limit: 100, windowMs: 1000 };

test.each([
  ["account", { pair: often, account: once, address: often }],
  ["address", { pair: often, account: often, address: once }],
])("past the limit of the %s, a known name costs the same as an unknown one", async (scope, rules) => {
  const store = await openStore({ place: { engine: "memory" }, onAudit: () => {} });
  const { realmSessions: sessions, audit } = store;
  const session = { id: "s1", userId: "alice-id", nameKey: "print of alice", addressBucket: "198.51.100.1" };
  const times = { sealedIdTokenHint: null, tokensUntil: 2000, keepUntil: 2000 };
  await sessions.note({ ...session, ...times }, { name: "login.succeeded", at: 0, address: "test" });
  const accountOf = realmAccounts(sessions, (name) => `print of ${name}`);
  const counter = () => new MemoryAttemptCounter(() => 0);
  const clock = () => 0;
  const work = [];
  for (const name of ["alice", "nobody"]) {
    const counters = { login: counter(), refresh: counter() };
    const throttle = new Throttle({ rules, counters, sessions, audit, clock });
    const exhausted = counters.login.reserve([
      { key: `login account ${(await accountOf(name)).key}`, rule: once },
      { key: "login address 192.0.2.1", rule: once },
    ]);
    expect(await exhausted).toHaveLength(2);
    log.take();
    const account = await accountOf(name);
    const admission = throttle.admit({ operation: "login", caller, account });
    await expect(admission).rejects.toMatchObject({
      code: "rate_limited",
      reason: `login limit of the ${scope}`,
    });
    work.push(log.take());
  }
  expect(work[0]?.statements).toHaveLength(2);
  expect(work[0]).toEqual(work[1]);
  await store.close();
});
