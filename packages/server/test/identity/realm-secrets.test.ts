import { expect, test } from "vitest";
import { nameFingerprints } from "../../src/core/passwords/account-names.ts";
import { deriveKeyring } from "../../src/core/tokens/derived-keys.ts";
import { realmAccounts } from "../../src/identity/keycloak/accounts.ts";
import { SessionRecords } from "../../src/identity/keycloak/session-records.ts";

const old = deriveKeyring(["the old secret of this test, long enough"]);
const both = deriveKeyring([
  "the new secret of this test, long enough",
  "the old secret of this test, long enough",
]);
const reversed = deriveKeyring([
  "the old secret of this test, long enough",
  "the new secret of this test, long enough",
]);

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

test("an account that signed in before a change of the secret is still known", async () => {
  const nameKey = nameFingerprints(old.fingerprints[0])("alice");
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
