import { testServer } from "@latchkey/testkit/server/test-server";
import { expect, test } from "vitest";
import { send } from "./api-case.ts";
import { openOnPostgres } from "./postgres-world.ts";
import { throttleContract } from "./throttle-contract.ts";

throttleContract("in the memory of a process", testServer);
throttleContract("in PostgreSQL, for all replicas", openOnPostgres);

const minute = 60_000;

test.each([-60 * minute, 24 * 60 * minute])(
  "a wall clock step of %i ms does not change a limit in memory",
  async (step) => {
    await using server = await testServer({ THROTTLE_PAIR: "1/15m" });
    const login = () =>
      send(server, "/auth", {
        method: "POST",
        path: "/login",
        body: { username: "alice", password: "wrong" },
      });
    expect((await login()).status).toBe(401);
    server.stepWallClock(step);
    const refused = await login();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "900"]);
    server.advance(15 * minute);
    expect((await login()).status).toBe(401);
  },
);

test("after a step back, the wait of a shared limit stays within its window", async () => {
  await using server = await openOnPostgres({ THROTTLE_PAIR: "1/15m" });
  const login = () =>
    send(server, "/auth", { method: "POST", path: "/login", body: { username: "alice", password: "wrong" } });
  expect((await login()).status).toBe(401);
  server.stepWallClock(-24 * 60 * minute);
  const refused = await login();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "900"]);
});
