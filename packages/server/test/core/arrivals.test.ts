import { expect, test } from "vitest";
import { type Arrival, createArrivals, type KnownAddress } from "../../src/core/mail/arrivals.ts";

const day = 86_400_000;
const alice = { id: "user:alice", email: "alice@example.com" };

/** A user's sign-ins from addresses, with the table as the store keeps it. */
function signIns(keys: readonly [string, ...string[]] = ["one"], email = alice.email) {
  let time = 1_700_000_000_000;
  const rows = new Map<string, number>();
  const [first, ...others] = keys.map((key) => ({ knownAddress: Buffer.from(key) }));
  if (first === undefined) throw new Error("no key");
  const known = async (): Promise<KnownAddress[]> =>
    [...rows].map(([digest, lastSeenAt]) => ({ digest, lastSeenAt }));
  const withKeys = (all: Parameters<typeof createArrivals>[0]["keys"]) =>
    createArrivals({ knownAddresses: { of: known }, keys: all, language: "de", clock: () => time });
  let arrivalOf = withKeys([first, ...others]);
  return {
    rows,
    advance: (ms: number) => {
      time += ms;
    },
    turnTo: (...names: [string, ...string[]]) => {
      const [one, ...more] = names.map((key) => ({ knownAddress: Buffer.from(key) }));
      if (one !== undefined) arrivalOf = withKeys([one, ...more]);
    },
    async from(address: string): Promise<Arrival | undefined> {
      const arrival = await arrivalOf({ ...alice, email }, { address, requestId: "r" });
      if (arrival !== undefined) rows.set(arrival.digest, arrival.lastSeenAt);
      return arrival;
    },
  };
}

test("the first address of a user is no news, and the next one is", async () => {
  const person = signIns();
  expect((await person.from("192.0.2.1"))?.mails).toEqual([]);
  expect((await person.from("192.0.2.2"))?.mails).toMatchObject([
    {
      content: { kind: "new_address", address: "192.0.2.2", at: 1_700_000_000_000 },
      recipient: "alice@example.com",
      userId: "user:alice",
      language: "de",
    },
  ]);
});

test("a known address writes nothing for a day, and then its time alone", async () => {
  const person = signIns();
  await person.from("192.0.2.1");
  person.advance(day - 1);
  expect(await person.from("192.0.2.1")).toBeUndefined();
  person.advance(1);
  expect(await person.from("192.0.2.1")).toMatchObject({ mails: [], lastSeenAt: 1_700_000_000_000 + day });
  expect(person.rows.size).toBe(1);
});

test("addresses of one IPv6 network are one", async () => {
  const person = signIns();
  await person.from("2001:db8::1");
  expect(await person.from("2001:db8::2")).toBeUndefined();
  expect((await person.from("2001:db8:0:1::1"))?.mails).toHaveLength(1);
});

test("a table names no address", async () => {
  const person = signIns();
  await person.from("192.0.2.1");
  expect(JSON.stringify([...person.rows])).not.toContain("192.0.2");
});

test("a known address stays known while its old secret is on the list", async () => {
  const person = signIns(["old"]);
  await person.from("192.0.2.1");
  person.turnTo("new", "old");
  expect(await person.from("192.0.2.1")).toMatchObject({ mails: [] });
  person.turnTo("new");
  expect(await person.from("192.0.2.1")).toBeUndefined();
});

test("an address at localhost gets no notice, because no mail server takes it", async () => {
  const person = signIns(["one"], "admin@LOCALHOST");
  await person.from("192.0.2.1");
  expect((await person.from("192.0.2.2"))?.mails).toEqual([]);
});
