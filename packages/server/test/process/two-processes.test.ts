import { readFileSync } from "node:fs";
import {
  jwtPart,
  login,
  logout,
  me,
  refresh,
  send,
  signIn,
  tokensOf,
  trade,
} from "@latchkey/testkit/server/auth-calls";
import {
  adminPassword,
  type Environment,
  Place,
  type ServerProcess,
} from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { beforeAll, describe, expect, test } from "vitest";
import { replicaEnvironment } from "../postgres/replica.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";

const place = new Place({ commands: "here" });

describe("two servers that start at once in an empty folder", () => {
  test.for([1, 2, 3])("agree on secret, keys and administrator (start %d)", async (start) => {
    const database = place.path(`fresh-${start}/latchkey.db`);
    const unsaid = { LATCHKEY_ADMIN_PASSWORD: "" };
    const both = await Promise.all([1, 2].map(() => place.server({ database, env: unsaid })));

    const printed = () => both.flatMap((server) => /^ *password +(\S+)$/m.exec(server.stderr())?.[1] ?? []);
    await until("a password is printed", () => printed().length > 0);
    const shown = printed();
    expect(shown).toHaveLength(1);
    const keySets = await Promise.all(both.map(({ url }) => send(`${url}/.well-known/jwks.json`)));
    expect(keySets[0]?.body).toEqual(keySets[1]?.body);

    const kids: unknown[] = [];
    for (const { url } of both) {
      const { access } = await signIn(url, "admin", shown[0] ?? "");
      kids.push(jwtPart(access, "header")["kid"]);
      for (const other of both) expect((await me(other.url, access)).status).toBe(200);
    }
    expect(new Set(kids).size).toBe(1);
    expect(readFileSync(`${database}.secret`, "utf8")).toMatch(/^[\w-]{43}\n$/);
    const { stdout } = await place.latchkey(["user", "list", "--database", database]);
    expect(stdout.match(/@/g)).toHaveLength(1);
    await Promise.all(both.map((server) => server.stop()));
  });
});

const databases: readonly (readonly [string, () => Promise<Environment>])[] = [
  ["file", async () => ({})],
  ["PostgreSQL", async () => replicaEnvironment(await newDatabase())],
];

describe.each(databases)("two servers on one database: %s", (_engine, database) => {
  let one: ServerProcess;
  let two: ServerProcess;
  let env: Environment;

  beforeAll(async () => {
    env = await database();
    [one, two] = await Promise.all([place.server({ env }), place.server({ env })]);
  });

  test("a changed user is refused at both within a second", async () => {
    for (const [verb, input] of [["disable"], ["passwd", "another passphrase\n"], ["remove"]] as const) {
      const add = ["user", "add", `of-${verb}`, "--email", `${verb}@example.com`];
      const options = { env, input: "a passphrase of theirs\n" };
      expect(await place.latchkey(add, options)).toMatchObject({ status: 0 });
      const { access, refresh: token } = await signIn(one.url, `of-${verb}`, "a passphrase of theirs");
      expect((await me(two.url, access)).status).toBe(200);
      const command = place.latchkey(["user", verb, `of-${verb}`], { env, ...(input && { input }) });
      expect(await command).toMatchObject({ status: 0 });
      for (const { url } of [one, two]) {
        await until(
          "the token is refused",
          async () => (await me(url, access)).body["code"] === "token_revoked",
        );
        expect((await refresh(url, token)).body["code"]).toBe("token_revoked");
        expect((await login(url, `of-${verb}`, "a passphrase of theirs")).status).toBe(401);
      }
    }
  });

  test("a rotated key signs at both within a second, and old tokens stay valid", async () => {
    const before = await signIn(one.url, "admin", adminPassword);
    const { stdout } = await place.latchkey(["key", "rotate"], { env });
    const kid = stdout.split(" ")[0];
    for (const { url } of [one, two]) {
      await until("the new key signs", async () => {
        const { access } = await signIn(url, "admin", adminPassword);
        return jwtPart(access, "header")["kid"] === kid;
      });
      expect((await me(url, before.access)).status).toBe(200);
    }
  });

  test("a session opened at one is accepted at the other at once", async () => {
    const { access, refresh: refreshToken } = await signIn(one.url, "admin", adminPassword);
    expect((await me(two.url, access)).body["id"]).toBe("user:admin");
    expect((await refresh(two.url, refreshToken)).status).toBe(200);
  });

  test("a chain of refreshes may alternate between the servers", async () => {
    let tokens = await signIn(one.url, "admin", adminPassword);
    for (let link = 0; link < 20; link++) {
      const [here, there] = link % 2 === 0 ? [two, one] : [one, two];
      tokens = tokensOf(await refresh(here.url, tokens.refresh));
      expect((await me(there.url, tokens.access)).status).toBe(200);
    }
  });

  test("a logout at one is effective at the other within a second", async () => {
    const { access, refresh: refreshToken } = await signIn(two.url, "admin", adminPassword);
    expect((await me(two.url, access)).status).toBe(200);
    expect((await logout(one.url, access)).status).toBe(200);
    expect((await me(one.url, access)).body["code"]).toBe("token_revoked");
    expect((await refresh(two.url, refreshToken)).body["code"]).toBe("token_revoked");
    expect((await trade(two.url, access)).status).toBe(401);
    await until("the other server refuses the access token", async () => {
      return (await me(two.url, access)).body["code"] === "token_revoked";
    });
  });

  test("the same refresh token sent to both at once gives the same successor", async () => {
    let tokens = await signIn(one.url, "admin", adminPassword);
    for (let link = 0; link < 25; link++) {
      const sent = tokens.refresh;
      const [first, second] = await Promise.all([refresh(one.url, sent), refresh(two.url, sent)]);
      expect(tokensOf(first).refresh).toBe(tokensOf(second).refresh);
      tokens = tokensOf(second);
    }
    expect((await me(one.url, tokens.access)).status).toBe(200);
  });

  test("a replay at one ends the session at the other within a second", async () => {
    const first = await signIn(one.url, "admin", adminPassword);
    const second = tokensOf(await refresh(one.url, first.refresh));
    const third = tokensOf(await refresh(two.url, second.refresh));
    expect((await refresh(two.url, first.refresh)).body["code"]).toBe("token_revoked");
    expect((await refresh(one.url, third.refresh)).status).toBe(401);
    await until("the access token is refused", async () => (await me(one.url, third.access)).status === 401);
  });

  test("no request fails under load on both", async () => {
    const statuses = new Map<number, number>();
    const count = ({ status }: { status: number }) => statuses.set(status, (statuses.get(status) ?? 0) + 1);
    async function client(here: string, there: string) {
      for (let turn = 0; turn < 10; turn++) {
        const answer = await login(here, "admin", adminPassword);
        count(answer);
        const refreshed = await refresh(there, tokensOf(answer).refresh);
        count(refreshed);
        count(await me(here, tokensOf(refreshed).access));
        count(await logout(there, tokensOf(refreshed).access));
      }
    }
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => (n % 2 ? client(one.url, two.url) : client(two.url, one.url))),
    );
    expect(Object.fromEntries(statuses)).toEqual({ 200: 8 * 10 * 4 });
  });

  test("one server runs on when the other stops", async () => {
    const { access } = await signIn(two.url, "admin", adminPassword);
    await two.stop();
    expect((await me(one.url, access)).status).toBe(200);
    await signIn(one.url, "admin", adminPassword);
    expect((await send(`${one.url}/health/ready`)).status).toBe(200);
  });
});
