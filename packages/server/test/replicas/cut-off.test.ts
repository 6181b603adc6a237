import { logout, me, send, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replicaEnvironment } from "../postgres/replica.ts";
import { type Cluster, type Replica, startCluster } from "./cluster.ts";

const place = new Place();
const guardKey = "g".repeat(40);
let cluster: Cluster;
let hears: Replica;
let cutOff: Replica;

beforeAll(async () => {
  cluster = await startCluster(place, 2, { LATCHKEY_GUARD_KEYS: guardKey });
  const [first, second] = cluster.replicas;
  if (first === undefined || second === undefined) throw new Error("two are needed");
  [hears, cutOff] = [first, second];
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** The verdict of a replica on a token: `ok` or the error code. */
const verdict = async ({ url }: Replica, access: string): Promise<unknown> => {
  const { status, body } = await me(url, access);
  return status === 200 ? "ok" : body["code"];
};
const isBack = (access: string) =>
  until(
    "the replica reaches the database again",
    async () => (await verdict(cutOff, access)) !== "store_unavailable",
    20_000,
  );

test.for(["freeze", "cut"])(
  "an ended session is refused by a replica with a faulty link: %s",
  async (misfortune) => {
    const { access } = await signIn(hears.url, "admin", adminPassword);
    const other = await signIn(hears.url, "admin", adminPassword);
    expect(await verdict(cutOff, access)).toBe("ok");
    cutOff.link.tell("freeze");
    if (misfortune === "cut") cutOff.link.tell("cut");
    expect((await logout(hears.url, access)).status).toBe(200);
    await until(
      "the replica no longer accepts the session",
      async () => (await verdict(cutOff, access)) !== "ok",
    );
    for (let time = 0; time < 20; time++) {
      expect(await verdict(cutOff, access)).not.toBe("ok");
      expect(await verdict(cutOff, other.access)).toBe("store_unavailable");
    }
    cutOff.link.tell("thaw");
    await isBack(other.access);
    await until(
      "the replica knows the end of the session",
      async () => (await verdict(cutOff, access)) === "token_revoked",
    );
    expect(await verdict(cutOff, other.access)).toBe("ok");
  },
);

test("a guard that follows a replica without its database gets 503", async () => {
  const headers = { authorization: `Bearer ${guardKey}`, accept: "text/event-stream" };
  const { access } = await signIn(hears.url, "admin", adminPassword);
  const stream = await fetch(`${cutOff.url}/revocations`, { headers });
  expect(stream.status).toBe(200);
  let ended = false;
  const read = stream.text().finally(() => {
    ended = true;
  });
  cutOff.link.tell("freeze");
  await until("the stream has ended", () => ended, 20_000);
  await read;
  expect(await send(`${cutOff.url}/revocations`, { headers })).toMatchObject({
    status: 503,
    body: { code: "store_unavailable" },
  });
  cutOff.link.tell("thaw");
  await isBack(access);
});

test("a replica never calls a token invalid because its key is too new", async () => {
  const { access: before } = await signIn(hears.url, "admin", adminPassword);
  cutOff.link.tell("freeze");
  for (let rotation = 0; rotation < 2; rotation++) {
    const env = replicaEnvironment(cluster.database);
    expect(await place.latchkey(["key", "rotate", "--force"], { env })).toMatchObject({ status: 0 });
  }
  let access = before;
  await until("the newest key signs", async () => {
    const set = await send(`${hears.url}/.well-known/jwks.json`);
    ({ access } = await signIn(hears.url, "admin", adminPassword));
    const keys: unknown = set.body["keys"];
    return Array.isArray(keys) && keys.length >= 4;
  });
  expect(await verdict(cutOff, access)).toBe("store_unavailable");
  cutOff.link.tell("thaw");
  await isBack(access);
  expect(await verdict(cutOff, access)).toBe("ok");
});
