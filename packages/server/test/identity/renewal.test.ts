import { expect, test } from "vitest";
import { LatchkeyError } from "../../src/core/errors.ts";
import type { RealmPeople } from "../../src/core/stories/realm-people.ts";
import type { Session } from "../../src/core/stories/sessions.ts";
import { apart, BrokeredTokenSeal, free, stored } from "../../src/identity/keycloak/brokered-tokens.ts";
import type { RealmGrant } from "../../src/identity/keycloak/realm.ts";
import { createRenewal } from "../../src/identity/keycloak/renewal.ts";

const caller = { address: "192.0.2.1", requestId: "test" };
const seal = new BrokeredTokenSeal([Buffer.alloc(32, 7)]);
const tokens = { realmSessionId: "sid", refreshToken: "first", idToken: "an ID token" };
const alice = {
  id: "alice-id",
  username: "alice",
  email: "",
  displayName: null,
  active: true,
  roles: ["old"],
};
const session: Session = {
  id: "s1",
  userId: alice.id,
  client: { id: "notes", name: "Notes", scope: "", resource: "https://notes.example/mcp" },
  generation: 0,
  refreshHash: "",
  rotatedAt: 0,
  createdAt: 0,
  lastUsedAt: 0,
  expiresAt: 1,
  endsAt: 1,
  tokensUntil: 1,
  endedAt: null,
  addressBucket: "",
};

/** A session whose tokens another replica has claimed. @param seen the text at the nth look, from the one before */
function claimedSession(seen = (_look: number, text: string) => text, isAway = () => false) {
  let text = stored({ claim: "another", sealed: apart(seal.write(alice.id, tokens)).sealed });
  let looks = 0;
  const asked: string[] = [];
  let waited = 0;
  const people: RealmPeople = {
    byId: async () => alice,
    tokensOf: async () => {
      text = seen(looks++, text);
      return text;
    },
    replaceTokens: async (_id, from, to) => {
      if (from === text) text = to;
      return text === to;
    },
    allow: async () => true,
    tokensOfOthers: async () => [],
    tokensOfCodes: async () => [],
    ended: async () => [],
    forgetTokens: async () => {},
    forgetTokensOfCodes: async () => {},
  };
  const refresh = async (token: string): Promise<RealmGrant> => {
    asked.push(token);
    if (isAway()) throw new LatchkeyError("provider_unavailable");
    return { accessToken: "new", refreshToken: "second", idToken: undefined, refreshableFor: undefined };
  };
  const renew = createRenewal({
    realm: { issuer: "https://keycloak.example/realms/people", refresh, timeout: 1_000 },
    check: async () => ({
      ...{ userId: alice.id, username: "alice", sessionId: "sid", roles: ["new"] },
      ...{ scopes: [], expiresAt: 1, claims: {} },
    }),
    people,
    seal,
    sessions: { end: async () => true },
    revocations: { poll: async () => {} },
    clock: () => 0,
    sleep: async (ms) => {
      waited += ms;
    },
  });
  return { renew, asked, waited: () => waited, text: () => text };
}

test("the claim of a replica that has died is taken over after the realm's timeout", async () => {
  const { renew, asked, waited, text } = claimedSession();
  expect((await renew(session, caller)).roles).toEqual(["new"]);
  expect(asked).toEqual(["first"]);
  expect(waited()).toBeGreaterThan(1_000);
  expect(seal.read(alice.id, text())).toEqual({ ...tokens, refreshToken: "second" });
});

test("a realm that cannot be asked leaves the tokens to the next refresh at once", async () => {
  let away = true;
  const { renew, text, waited } = claimedSession(
    (look, before) => (look === 0 ? stored({ claim: free, sealed: apart(before).sealed }) : before),
    () => away,
  );
  await expect(renew(session, caller)).rejects.toMatchObject({ code: "provider_unavailable" });
  expect(apart(text()).claim).toBe(free);
  expect(seal.read(alice.id, text())).toEqual(tokens);
  away = false;
  expect((await renew(session, caller)).roles).toEqual(["new"]);
  expect(waited()).toBe(0);
});

test("the answer of another replica counts for this one", async () => {
  const next = seal.write(alice.id, { ...tokens, refreshToken: "second" });
  const { renew, asked, text } = claimedSession((look, before) => (look === 3 ? next : before));
  expect(await renew(session, caller)).toEqual(alice);
  expect([asked, text()]).toEqual([[], next]);
});

test("a failure of another replica counts for this one", async () => {
  const { renew, asked } = claimedSession((look, text) =>
    look === 3 ? stored({ claim: free, sealed: apart(text).sealed }) : text,
  );
  await expect(renew(session, caller)).rejects.toMatchObject({ code: "provider_unavailable" });
  expect(asked).toEqual([]);
});
