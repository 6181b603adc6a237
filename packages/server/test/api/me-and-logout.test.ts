import { DatabaseSync } from "node:sqlite";
import { testServer } from "@latchkey/testkit/server/test-server";
import { describe, test } from "vitest";
import { bearer, check, mounts, send, signIn } from "./api-case.ts";
import { loggedOut, logout, me, meAndLogoutContract, refusedToken } from "./me-and-logout-contract.ts";
import { localWorld, sharedServer } from "./provider-world.ts";

meAndLogoutContract(localWorld);

const serverOf = sharedServer(localWorld);

describe.each(mounts)("%s/me, with local users", (mount) => {
  test("refuses a token of a disabled or removed user", async () => {
    const { people, backgroundJobs } = serverOf().server;
    const person = {
      username: `carol${mount.length}`,
      email: `c${mount.length}@example.com`,
      displayName: "C",
      roles: [],
    };
    await people.add(person, "a password of hers");
    const first = await signIn(serverOf(), person.username, "a password of hers");
    await people.setActive(person.username, false);
    await backgroundJobs.poll();
    await check(serverOf(), mount, me(bearer(first.access)), refusedToken("token_revoked"));
    await people.setActive(person.username, true);
    await check(serverOf(), mount, me(bearer(first.access)), refusedToken("token_revoked"));
    const second = await signIn(serverOf(), person.username, "a password of hers");
    await check(serverOf(), mount, me(bearer(second.access)), {
      status: 200,
      body: { display_name: "C", roles: [] },
    });
    await people.remove(person.username);
    await backgroundJobs.poll();
    await check(serverOf(), mount, me(bearer(second.access)), refusedToken("token_revoked"));
  });

  test("refuses a user that another process deactivates, until reactivated", async () => {
    const { access } = await signIn(serverOf(), "bob");
    const other = new DatabaseSync(serverOf().database, { timeout: 5_000 });
    other.exec("update users set active = 0 where id = 'user:bob'");
    serverOf().advance(501);
    await check(serverOf(), mount, me(bearer(access)), refusedToken("token_revoked"));
    other.exec("update users set active = 1 where id = 'user:bob'");
    other.close();
    await check(serverOf(), mount, me(bearer(access)), { status: 200 });
  });
});

describe.each(mounts)("%s/logout, with local sessions", (mount) => {
  test("ends trades of the session's current token", async () => {
    const { access } = await signIn(serverOf());
    await check(serverOf(), mount, logout(bearer(access)), loggedOut);
    const body = { current_token: access };
    await check(serverOf(), mount, { method: "POST", path: "/refresh", body }, refusedToken("token_revoked"));
  });

  test("holds for tokens that a server with longer lifetimes issued", async () => {
    const issuer = { ISSUER: "http://latchkey.test" };
    await using long = await testServer(issuer);
    const { access, refresh } = await signIn(long);
    const settings = { ...issuer, DATABASE: long.database, ACCESS_TOKEN_TTL: "1s", REFRESH_GRACE: "1s" };
    await using short = await testServer(settings);
    await send(short, mount, { method: "POST", path: "/refresh", body: { refresh_token: refresh } });
    await check(long, mount, logout(bearer(access)), loggedOut);
    long.advance(120_000);
    await long.server.backgroundJobs.purge();
    await check(long, mount, me(bearer(access)), refusedToken("token_revoked"));
  });
});
