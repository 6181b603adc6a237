import { jwtPart, login, me, refresh, send, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { beforeAll, expect, test } from "vitest";
import { expectRefusal, expectUsageError } from "./refusal.ts";

const place = new Place();
let server: ServerProcess;

beforeAll(async () => {
  server = await place.server();
});

test("only the session that the operator ended is refused within a second", async () => {
  const [ended, other] = [
    await signIn(server.url, "admin", adminPassword),
    await signIn(server.url, "admin", adminPassword),
  ];
  const id = String(jwtPart(ended.access, "claims")["sid"]);
  expect((await place.latchkey(["session", "list", "admin"])).stdout).toContain(id);

  expect(await place.latchkey(["session", "end", id])).toMatchObject({
    status: 0,
    stdout: "ended the session of user:admin\n",
  });
  expect((await refresh(server.url, ended.refresh)).body["code"]).toBe("token_revoked");
  await until("the session's access token is refused", async () => {
    return (await me(server.url, ended.access)).body["code"] === "token_revoked";
  });
  expect((await me(server.url, other.access)).status).toBe(200);

  const { stdout } = await place.latchkey(["session", "list"]);
  expect(stdout).not.toContain(id);
  expect(stdout).toContain(String(jwtPart(other.access, "claims")["sid"]));
  expect((await place.latchkey(["session", "end", id])).stdout).toMatch(/already ended/);
  await until("the server logs the end", () => {
    return server.stdout().includes(`"address":"cli","subject":"user:admin","sessionId":"${id}"`);
  });
});

test("an unknown session is named in one line", async () => {
  expectRefusal(await place.latchkey(["session", "end", "no-such-session"]), /there is no session/);
  expectRefusal(await place.latchkey(["session", "list", "nobody"]), /there is no user nobody/);
  expectUsageError(await place.latchkey(["session", "end"]), /latchkey session end ID/);
});

test("after a rotation the published next key signs, and old tokens stay valid", async () => {
  const before = await signIn(server.url, "admin", adminPassword);
  const oldKid = jwtPart(before.access, "header")["kid"];
  const published = await publishedKids();
  expect(published).toContain(oldKid);

  const rotated = await place.latchkey(["key", "rotate"]);
  expect(rotated).toMatchObject({ status: 0, stderr: "" });
  await until("a new key signs", async () => {
    const { access } = await signIn(server.url, "admin", adminPassword);
    return jwtPart(access, "header")["kid"] !== oldKid;
  });

  const after = await signIn(server.url, "admin", adminPassword);
  const newKid = jwtPart(after.access, "header")["kid"];
  expect(published).toContain(newKid);
  expect(rotated.stdout).toBe(`${newKid} signs from now on\n`);
  expect((await me(server.url, after.access)).status).toBe(200);
  expect((await me(server.url, before.access)).status).toBe(200);

  await until("the server logs the rotation", () => server.stdout().includes('"event":"key.rotated"'));

  const kidsNow = await publishedKids();
  expect(kidsNow).toEqual(expect.arrayContaining([oldKid, newKid]));
  expect(kidsNow).toHaveLength(3);
});

test("the list of keys shows their states and no private key", async () => {
  const { stdout } = await place.latchkey(["key", "list"]);
  const { access } = await signIn(server.url, "admin", adminPassword);
  expect(stdout).toMatch(new RegExp(`^${jwtPart(access, "header")["kid"]} +signs`, "m"));
  expect(stdout.match(/ next /g)).toHaveLength(1);
  expect(stdout.split("\n").slice(1).join("\n")).not.toMatch(/[\w-]{60,}/);
});

test("a second rotation is refused while caches may lack the next key", async () => {
  const before = await publishedKids();
  const { status, stdout, stderr } = await place.latchkey(["key", "rotate"]);
  expect([status === 0, stdout]).toEqual([false, ""]);
  expect(stderr).toMatch(
    /^latchkey: the next key may sign from \d{4}-\S+Z on, because caches .+ add --force; .+ 5 minutes\n$/,
  );
  expect(await publishedKids()).toEqual(before);
  expectUsageError(await place.latchkey(["key", "list", "--force"]), /key list takes no flag --force/);
});

test("logins succeed during a rotation", async () => {
  const rotation = place.latchkey(["key", "rotate", "--force"]);
  let over = false;
  void rotation.then(() => {
    over = true;
  });
  const statuses = new Set<number>();
  while (!over) {
    const answer = await login(server.url, "admin", adminPassword);
    statuses.add(answer.status).add((await me(server.url, String(answer.body["access_token"]))).status);
  }
  expect((await rotation).status).toBe(0);
  expect([...statuses]).toEqual([200]);
});

async function publishedKids(): Promise<unknown[]> {
  const { body } = await send(`${server.url}/.well-known/jwks.json`);
  const keys: unknown = body["keys"];
  if (!Array.isArray(keys)) throw new Error("no key set");
  return keys.map((key: unknown) => (typeof key === "object" && key && "kid" in key ? key.kid : undefined));
}
