import { expect, test } from "vitest";
import { nameFingerprints } from "../../src/core/passwords/account-names.ts";
import { deriveKeyring } from "../../src/core/tokens/derived-keys.ts";
import { realmAccounts } from "../../src/identity/keycloak/accounts.ts";
import { SessionRecords } from "../../src/identity/keycloak/session-records.ts";

const oldSecret = "the old secret of this test, long enough";
const newSecret = "the new secret of this test, long enough";
const old = deriveKeyring([oldSecret]);
const fresh = deriveKeyring([newSecret]);
const both = deriveKeyring([newSecret, oldSecret]);
const reversed = deriveKeyring([oldSecret, newSecret]);

test("the ID token of a session is opened after a change of the secret", () => {
  const token = {
    userId: "u",
    sessionId: "s",
    username: "alice",
    expiresAt: 1,
    roles: [],
    scopes: [],
    claims: {},
  };
  const grant = {
    accessToken: "a",
    refreshToken: "r",
    expiresIn: 1,
    idToken: "the ID token",
    refreshableFor: 1,
  };
  const opening = { nameKey: "n", addressBucket: "192.0.2.1" };
  const record = new SessionRecords(old.first.sealing).recordOf(token, grant, opening, 0);
  expect(record.sealedIdTokenHint).not.toContain("ID token");
  const [{ sealing }, ...others] = [both.first, ...both.others];
  const records = new SessionRecords(sealing, ...others.map((keys) => keys.sealing));
  expect(records.idTokenHintOf(record)).toBe("the ID token");
  expect(new SessionRecords(sealing).idTokenHintOf(record)).toBeUndefined();
});

// The list makes new fingerprints with one of its secrets. Both cases are needed, because that may be either.
test.each([
  ["the old secret", old],
  ["the new secret", fresh],
])("an account that signed in with %s alone is known to both orders", async (_name, before) => {
  const nameKey = nameFingerprints(before.fingerprints[0])("alice");
  const sessions = { holderOf: async (key: string) => (key === nameKey ? "user-1" : undefined) };
  for (const { fingerprints } of [both, reversed]) {
    const [first, ...others] = fingerprints;
    const accountOf = realmAccounts(sessions, nameFingerprints(first), ...others.map(nameFingerprints));
    expect(await accountOf("Alice")).toMatchObject({ userId: "user-1", key: "user-1" });
    expect(await accountOf("bob")).toMatchObject({ userId: undefined });
  }
});

test("the order of the secrets does not change a fingerprint", () => {
  expect(both.fingerprints).toEqual(reversed.fingerprints);
});
