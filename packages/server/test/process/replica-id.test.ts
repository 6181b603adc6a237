import { DatabaseSync } from "node:sqlite";
import { signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";

const place = new Place();

/** The log of a server, line by line. */
const linesOf = (server: ServerProcess): Record<string, unknown>[] =>
  server
    .stdout()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** The label `replica` in the metrics of a server. */
async function measuredReplica({ url }: ServerProcess): Promise<string | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return /^latchkey_info\{.*replica="([^"]*)".*\} 1$/m.exec(text)?.[1];
}

test("log, audit trail and metrics name the replica; a command has an id too", async () => {
  const ownIssuer = { LATCHKEY_ISSUER: "" };
  const server = await place.server({ env: { ...ownIssuer, LATCHKEY_REPLICA: "blue" } });
  await signIn(server.url, "admin", adminPassword);
  const env = { LATCHKEY_REPLICA: "console" };
  expect(await place.latchkey(["user", "disable", "admin", "--yes"], { env })).toMatchObject({ status: 0 });
  const disabled = () => linesOf(server).find(({ event }) => event === "user.disabled");
  await until("the server has logged the command's event", () => disabled() !== undefined);

  expect(linesOf(server).filter(({ replica }) => replica !== "blue")).toEqual([]);
  expect(disabled()).toMatchObject({ address: "cli", recordedBy: "console" });
  const signedIn = linesOf(server).find(({ event }) => event === "login.succeeded");
  expect(signedIn).toBeDefined();
  expect(signedIn).not.toHaveProperty("recordedBy");
  expect(await measuredReplica(server)).toBe("blue");
  await server.stop();

  using database = new DatabaseSync(place.database);
  const recorded = database.prepare("select name, replica from audit_events order by number").all();
  expect(recorded.map(({ name, replica }) => `${name} ${replica}`)).toEqual([
    "user.added blue",
    "login.succeeded blue",
    "user.disabled console",
  ]);
});

test("two servers on one machine have different ids by default", async () => {
  const one = await place.server({ env: { LATCHKEY_ISSUER: "" } });
  const other = await place.server({ env: { LATCHKEY_ISSUER: "" } });
  const [first, second] = [await measuredReplica(one), await measuredReplica(other)];
  expect(linesOf(one)[0]).toMatchObject({ replica: first });
  expect(first).toMatch(/-[\da-f]{6}$/);
  expect(second).toMatch(/-[\da-f]{6}$/);
  expect(first).not.toBe(second);
  await Promise.all([one.stop(), other.stop()]);
});
