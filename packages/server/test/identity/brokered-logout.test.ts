import { expect, test } from "vitest";
import { createBrokeredLogout } from "../../src/identity/keycloak/brokered-logout.ts";
import { BrokeredTokenSeal } from "../../src/identity/keycloak/brokered-tokens.ts";
import { openStore } from "../../src/store/store.ts";
import { event, now, session } from "../store/store-rows.ts";

const seal = new BrokeredTokenSeal([Buffer.alloc(32, 7)]);
const client = { id: "notes", name: "Notes", scope: "", resource: "https://notes.example/mcp" };
const person = {
  id: "alice-id",
  username: "alice",
  email: "",
  displayName: null,
  roles: [],
  issuer: "https://keycloak.example/realms/people",
};

/** A person with one session of the realm. Each `allow` gives a code that shares it. */
async function world() {
  const store = await openStore({ place: { engine: "memory" }, onAudit: () => {} });
  const ended: string[] = [];
  let time = now;
  return {
    ended,
    allow: (codeHash: string) =>
      store.realmPeople.allow(
        person,
        {
          ...{ codeHash, userId: person.id, client, redirectUri: "http://127.0.0.1/", challenge: "" },
          ...{ addressBucket: "192.0.2.1", createdAt: now, expiresAt: now + 60_000 },
        },
        seal.write(person.id, { realmSessionId: "sid", refreshToken: codeHash, idToken: codeHash }),
        event("authorization.granted"),
      ),
    async redeem(codeHash: string, sessionId: string) {
      const authorization = await store.authorizations.byCode(codeHash);
      if (authorization === undefined) throw new Error("no such code");
      const opening = { ...session(sessionId, person.id), client };
      return store.authorizations.redeem(authorization, opening, now, [event("authorization.redeemed")]);
    },
    end: (sessionId: string) => store.sessions.end(sessionId, [event("session.ended")]),
    advance: (ms: number) => {
      time += ms;
    },
    run: createBrokeredLogout({
      realm: {
        endSession: async (idToken) => {
          ended.push(idToken);
          return true;
        },
      },
      people: store.realmPeople,
      seal,
      log: { warn: () => {}, error: () => {} },
      clock: () => time,
    }),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

test("the realm's session goes on with a session that is opened from a code meanwhile", async () => {
  await using alice = await world();
  await alice.allow("first");
  await alice.redeem("first", "s1");
  await alice.allow("second");
  await alice.end("s1");
  await alice.run();
  expect(await alice.redeem("second", "s2")).toBe(true);
  await alice.run();
  expect(alice.ended).toEqual([]);
  await alice.end("s2");
  await alice.run();
  expect(alice.ended).toEqual(["second"]);
});

test("the realm's session ends after a code that nobody redeems", async () => {
  await using alice = await world();
  await alice.allow("first");
  await alice.redeem("first", "s1");
  await alice.allow("second");
  await alice.end("s1");
  alice.advance(120_000);
  await alice.run();
  expect(alice.ended).toEqual([]);
  alice.advance(1);
  await alice.run();
  expect(alice.ended).toEqual(["first"]);
});
