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

test("after a reset with another secret, only the new keys verify", async () => {
  await using store = await openStore({ place: { engine: "memory" }, onAudit: () => {} }).then((opened) => ({
    ...opened,
    [Symbol.asyncDispose]: () => opened.close(),
  }));
  const clock = () => 1_700_000_000_000;
  const partsWith = (secret: string) =>
    ({
      store: store.keys,
      sealing: deriveKeys(secret).sealing,
      clock,
      steady: clock,
      algorithm: "ES256",
    }) as const;
  const same = await SigningKeys.open(partsWith("a secret that is long enough for this"));
  const other = await SigningKeys.open(partsWith("a secret that is long enough for this"));
  const { kid: old } = same.signer;
  const reset = { name: "key.reset", at: clock(), ...operator } as const;

  const anew = await SigningKeys.reset(partsWith("a secret that is long enough for this"), reset);
  await same.poll();
  expect(same.signer.kid).toBe(anew);
  expect(same.get(old)).toBeUndefined();

  const elsewhere = await SigningKeys.reset(partsWith("another secret that is long enough too"), reset);
  await other.poll();
  expect(other.get(old)).toBeUndefined();
  expect(other.get(elsewhere)).toBeDefined();
  expect(other.keySet.keys).toHaveLength(2);
  const refusal = { code: "store_unavailable", reason: expect.stringContaining("restart this server") };
  expect(() => other.assertUsable()).toThrow(expect.objectContaining(refusal));
  expect(() => other.signer).toThrow(expect.objectContaining(refusal));
  await expect(SigningKeys.open(partsWith("a secret that is long enough for this"))).rejects.toThrow(
    /not the secret .* `latchkey key reset` makes new signing keys/,
  );
});
