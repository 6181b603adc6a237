import { expect, test } from "vitest";
import { operator } from "../../src/core/audit-events.ts";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";
import { SigningKeys } from "../../src/core/tokens/signing-keys.ts";
import { openStore } from "../../src/store/store.ts";

const minute = 60_000;
const tokenLifetime = 60 * minute;
const auditRetention = 365 * 24 * 60 * minute;

test("a retired key stays published for tokens of a process that signs late", async () => {
  const store = await openStore({ place: { engine: "memory" }, onAudit: () => {} });
  let now = 1_700_000_000_000;
  const clock = () => now;
  const { sealing } = deriveKeys("a secret that is long enough for this");
  const parts = { store: store.keys, sealing, clock, steady: clock, algorithm: "ES256" } as const;
  const keys = await SigningKeys.open(parts);
  const late = await SigningKeys.open(parts);
  const { kid } = keys.signer;

  await keys.rotate(tokenLifetime, { name: "key.rotated", at: now, ...operator });
  expect(keys.signer.kid).not.toBe(kid);
  now += minute - 1;
  expect(late.signer.kid).toBe(kid);
  const lastTokenExpires = now + tokenLifetime;

  now = lastTokenExpires;
  await store.purge(now, auditRetention);
  await keys.poll();
  expect(keys.get(kid)).toBeDefined();
  now += 2;
  await store.purge(now, auditRetention);
  await keys.poll();
  expect(keys.get(kid)).toBeUndefined();
  await store.close();
});
