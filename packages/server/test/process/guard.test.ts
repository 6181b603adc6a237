import { createGuard, type Guard, type GuardEvent } from "@latchkey/guard";
import { signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { beforeAll, expect, test } from "vitest";

const place = new Place({ commands: "here" });
const bob = "a passphrase of bob's own";
/** Without a configured issuer, a guard finds keys and ended sessions at the server's address. */
const env = { LATCHKEY_ISSUER: "" };
let server: ServerProcess;

beforeAll(async () => {
  server = await place.server({ env });
  const add = ["user", "add", "bob", "--email", "bob@example.com"];
  expect(await place.latchkey(add, { input: `${bob}\n` })).toMatchObject({ status: 0 });
});

/** The verdict on a token of a guard in another process. */
async function verdict(guard: Guard, token: string): Promise<string> {
  return await guard.verify(token).then(
    ({ username }) => username,
    (error: { code: string }) => error.code,
  );
}

const refused = (guard: Guard, token: string) =>
  until("the guard refuses the token", async () => (await verdict(guard, token)) === "token_revoked");

test.each([
  ["a session that the operator ends", (sid: string) => ["session", "end", sid]],
  ["a user that the operator disables", () => ["user", "disable", "bob"]],
])("%s is refused by a guard within a second", async (_name, command) => {
  await using guard = createGuard({ issuer: server.url });
  await place.latchkey(["user", "enable", "bob"]);
  const { access } = await signIn(server.url, "bob", bob);
  expect(await verdict(guard, access)).toBe("bob");
  const { sessionId = "" } = await guard.verify(access);
  expect(await place.latchkey(command(sessionId))).toMatchObject({ status: 0 });
  await refused(guard, access);
});

test("a new password from standard input ends the sessions of the old one", async () => {
  await using guard = createGuard({ issuer: server.url });
  await place.latchkey(["user", "enable", "bob"]);
  const { access } = await signIn(server.url, "bob", bob);
  expect(await verdict(guard, access)).toBe("bob");
  expect(await place.latchkey(["user", "passwd", "bob"], { input: `${bob}\n` })).toMatchObject({ status: 0 });
  await refused(guard, access);
});

test("a guard verifies tokens of a rotated key that is new to it", async () => {
  await using guard = createGuard({ issuer: server.url });
  const before = await signIn(server.url, "admin", adminPassword);
  expect(await verdict(guard, before.access)).toBe("admin");
  for (let turn = 0; turn < 2; turn++) {
    const { stdout } = await place.latchkey(["key", "rotate", "--force"]);
    const [kid = ""] = stdout.split(" ");
    await until("the new key signs", async () => {
      const { access } = await signIn(server.url, "admin", adminPassword);
      return Buffer.from(access.split(".")[0] ?? "", "base64url").includes(kid) && access !== "";
    });
  }
  // The guard knows the first of the two keys as the next key. It must fetch the second one.
  const after = await signIn(server.url, "admin", adminPassword);
  expect(await verdict(guard, after.access)).toBe("admin");
  expect(await verdict(guard, before.access)).toBe("admin");
});

test("a guard learns of sessions that ended while the server was unreachable", async () => {
  const events: GuardEvent[] = [];
  await using guard = createGuard({ issuer: server.url, onEvent: (event) => void events.push(event) });
  await guard.ready();
  const [ended, other] = [
    await signIn(server.url, "admin", adminPassword),
    await signIn(server.url, "admin", adminPassword),
  ];
  expect(await verdict(guard, ended.access)).toBe("admin");
  const { sessionId = "" } = await guard.verify(ended.access);

  await server.stop("SIGKILL");
  await until("the guard notices the lost feed", () => events.some(({ name }) => name === "feed.lost"));
  // Known sessions stay valid while the server is unreachable.
  expect(await verdict(guard, other.access)).toBe("admin");
  expect(await place.latchkey(["session", "end", sessionId])).toMatchObject({ status: 0 });

  events.length = 0;
  server = await place.server({ env, args: ["--port", new URL(server.url).port] });
  await until("the guard follows again", () => events.some(({ name }) => name === "feed.followed"), 15_000);
  expect(await verdict(guard, ended.access)).toBe("token_revoked");
  expect(await verdict(guard, other.access)).toBe("admin");
});
