import { DatabaseSync } from "node:sqlite";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FakeRealm } from "../identity/fake-realm.ts";
import { bearer, mounts, send, signIn } from "./api-case.ts";

const fresh = "umbrella quartz meadow";

let server: TestServer;
let addresses = 0;
/** Headers of a caller with an address of its own, so that tests share no limit. */
const elsewhere = () => ({ "x-forwarded-for": `198.51.100.${addresses++}` });

beforeAll(async () => {
  server = await testServer({
    MAILBOX: "on",
    MAIL_LANGUAGE: "fr",
    SIGN_UP: "example.com",
    TRUSTED_PROXIES: "127.0.0.1",
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** The texts of the mails to an address, newest first, as the page of the mailbox shows them. */
async function mailsTo(address: string): Promise<string[]> {
  const page = await (await fetch(`${server.url}/mailbox`)).text();
  return page.split('<section class="message">').filter((mail) => mail.includes(address));
}

/** The tokens of the links in the mails to an address, newest first. */
async function linksTo(address: string): Promise<string[]> {
  return (await mailsTo(address)).flatMap((mail) => /lkl_[\w-]+/.exec(mail)?.[0] ?? []);
}

/** Does something that sends a link by mail. Notices may arrive beside it. @returns the token of the link */
async function linkTo(address: string, cause: () => Promise<unknown>): Promise<string> {
  const before = await linksTo(address);
  await cause();
  let link: string | undefined;
  await until(
    `a link to ${address}`,
    async () => {
      link = (await linksTo(address)).find((each) => !before.includes(each));
      return link !== undefined;
    },
    5_000,
  );
  return link ?? "";
}

const post = (mount: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  send(server, mount, { method: "POST", path, body, headers: { ...elsewhere(), ...headers } });

/** Adds a user. */
async function newUser(mount: string, username: string): Promise<{ username: string; access: string }> {
  const email = `${username}@example.com`;
  const link = await linkTo(email, () => post(mount, "/sign-up", { email }));
  const joined = await post(mount, "/join", { link, username, password: fresh });
  expect(joined).toMatchObject({
    status: 201,
    body: { username, email, roles: ["user"], display_name: null },
  });
  return { username, access: (await signIn(server, username, fresh)).access };
}

describe.each(mounts)("%s", (mount) => {
  const name = (prefix: string) => `${prefix}${mount.length}`;

  test("sign-up, password, address, sessions and reset work from end to end", async () => {
    const { username, access } = await newUser(mount, name("carol"));
    const second = await signIn(server, username, fresh);

    const sessions = await send(server, mount, { method: "GET", path: "/sessions", headers: bearer(access) });
    expect(sessions.body).toMatchObject({ total: 2, sessions: [{ address: "127.0.0.1" }, {}] });
    expect(JSON.stringify(sessions.body)).toMatch(/"current":true/);

    const change = { current_password: fresh, new_password: `${fresh} 2` };
    server.newEvents();
    expect(await post(mount, "/password", change, bearer(access))).toMatchObject({ status: 200 });
    expect(server.newEvents()).toMatchObject([
      { name: "user.password_changed", reason: "owner", subject: `user:${username}` },
    ]);
    const me = (token: string) => send(server, mount, { method: "GET", path: "/me", headers: bearer(token) });
    expect((await me(access)).status).toBe(200);
    expect((await me(second.access)).body).toMatchObject({ code: "token_revoked" });

    const email = `new.${username}@example.com`;
    const confirm = await linkTo(email, () =>
      post(mount, "/email", { email, current_password: change.new_password }, bearer(access)),
    );
    expect((await me(access)).body).toMatchObject({ email: `${username}@example.com` });
    expect(await post(mount, "/email/confirm", { link: confirm })).toMatchObject({
      status: 200,
      body: { email },
    });
    server.advance(1_000);
    expect((await me(access)).body).toMatchObject({ email });

    const reset = await linkTo(email, () => post(mount, "/password/forgot", { username }));
    const words = { link: reset, new_password: `${fresh} 3` };
    expect(await post(mount, "/password/reset", words)).toMatchObject({ status: 200 });
    expect((await me(access)).body).toMatchObject({ code: "token_revoked" });
    expect(await post(mount, "/password/reset", words)).toMatchObject({
      status: 400,
      body: { code: "invalid_link" },
    });
    await signIn(server, username, words.new_password);
  });

  test("a verification is sent to the own address", async () => {
    const { username, access } = await newUser(mount, name("dora"));
    const link = await linkTo(`${username}@example.com`, () =>
      send(server, mount, { method: "POST", path: "/email/verify", headers: bearer(access) }),
    );
    expect(await post(mount, "/email/confirm", { link })).toMatchObject({ status: 200 });
  });

  test("own sessions end one by one, all, or all but this one; others' never", async () => {
    const { username, access } = await newUser(mount, name("erin"));
    const alice = await signIn(server);
    const list = async (token: string) => {
      const { body } = await send(server, mount, {
        method: "GET",
        path: "/sessions",
        headers: bearer(token),
      });
      return body as { sessions: { id: string; current: boolean }[]; total: number };
    };
    const end = (path: string, token: string) =>
      send(server, mount, { method: "DELETE", path, headers: bearer(token) });
    await signIn(server, username, fresh);
    const other = (await list(access)).sessions.find(({ current }) => !current);
    expect(await end(`/sessions/${other?.id}`, alice.access)).toMatchObject({ status: 404 });
    expect(await end(`/sessions/${other?.id}`, access)).toMatchObject({ status: 200, body: { ended: 1 } });
    expect(await end(`/sessions/${other?.id}`, access)).toMatchObject({ status: 404 });
    await signIn(server, username, fresh);
    expect(await end("/sessions?keep_current=true", access)).toMatchObject({ body: { ended: 1 } });
    expect(await end("/sessions?keep_current=yes", access)).toMatchObject({ status: 422 });
    expect(await end("/sessions?else=true", access)).toMatchObject({ status: 422 });
    expect(await end("/sessions", access)).toMatchObject({ body: { ended: 1 } });
    expect(await end("/sessions", access)).toMatchObject({ status: 401, body: { code: "token_revoked" } });
    expect((await list(alice.access)).total).toBeGreaterThan(0);
  });

  test.each([
    ["/password", { current_password: "wrong", new_password: fresh }, 403, "wrong_password"],
    ["/password", { current_password: passwords.bob, new_password: "987654321" }, 422, "weak_password"],
    ["/password", { current_password: passwords.bob, new_password: passwords.bob }, 422, "weak_password"],
    ["/password", { current_password: passwords.bob }, 422, "validation_error"],
    ["/password", { current_password: 5, new_password: fresh }, 422, "validation_error"],
    ["/email", { email: "new@example.com", current_password: "wrong" }, 403, "wrong_password"],
    ["/email", { email: "bob", current_password: passwords.bob }, 422, "validation_error"],
    ["/email/confirm", { link: "lkl_x" }, 400, "invalid_link"],
    ["/password/reset", { link: "lkl_x", new_password: fresh }, 400, "invalid_link"],
    ["/join", { link: "lkl_x", username: "x", password: fresh }, 400, "invalid_link"],
    ["/sign-up", { email: "new@example.org" }, 422, "validation_error"],
    ["/sign-up", { email: ["new@example.com"] }, 422, "validation_error"],
    ["/password/forgot", {}, 422, "validation_error"],
    ["/password/forgot", "alice", 400, "bad_request"],
  ] as const)("POST %s with %j is refused", async (path, body, status, code) => {
    const { access } = await signIn(server, "bob");
    const answer = await post(mount, path, body, bearer(access));
    expect(answer).toMatchObject({ status, body: { code } });
    for (const sent of Object.values(typeof body === "string" ? { body } : body))
      if (typeof sent === "string" && sent.length > 5) expect(answer.text).not.toContain(sent);
  });

  test.each(["/password", "/email", "/email/verify"])("POST %s needs a person's own token", async (path) => {
    const body = { current_password: passwords.alice, new_password: fresh, email: "x@example.com" };
    expect(await post(mount, path, body)).toMatchObject({ status: 401, body: { code: "missing_token" } });
    expect(await post(mount, path, body, bearer("x.y.z"))).toMatchObject({ body: { code: "invalid_token" } });
  });

  test("a forgotten password gets the same answer for every name, and a limit", async () => {
    const from = elsewhere();
    const answers = [];
    for (const username of ["alice", "nobody", "mallory", "x".repeat(1000)]) {
      const { status, text, headers } = await send(server, mount, {
        method: "POST",
        path: "/password/forgot",
        body: { username },
        headers: from,
      });
      const { "x-request-id": _, date: __, ...plain } = Object.fromEntries(headers);
      answers.push({ status, text, plain });
    }
    expect(answers[0]).toMatchObject({ status: 202 });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    const body = { username: name("flooded") };
    for (let time = 0; time < 10; time++) await post(mount, "/password/forgot", body);
    const refused = await post(mount, "/password/forgot", body);
    expect(refused).toMatchObject({ status: 429, body: { code: "rate_limited" } });
    expect(refused.headers.get("ratelimit-policy")).toBe('"reset-name";q=10;w=3600');
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_000);
  });
});

test("a link stands in its mail alone, in no log, audit event or answer", async () => {
  const { username, access } = await newUser("/auth", "frank");
  const link = await linkTo(`${username}@example.com`, () => post("/auth", "/password/forgot", { username }));
  await post("/auth", "/password/reset", { link, new_password: "short" });
  await post("/auth", "/email/confirm", { link });
  await post("/auth", "/password/reset", { link, new_password: `${fresh} 4` });
  await post("/auth", "/password/reset", { link, new_password: `${fresh} 5` }, bearer(access));
  expect(JSON.stringify(server.logged())).not.toContain(link.slice(4));
  expect(JSON.stringify(server.newEvents())).not.toContain(link.slice(4));
});

test.each([
  ["of the request", "greta", "de-CH,en;q=0.5", "Passwort"],
  ["of the setting if the reader's is unknown", "gustave", "*", "mot de passe"],
])("the mail is in the language %s", async (_language, name, accepted, word) => {
  const { username } = await newUser("/auth", name);
  const ask = () => post("/auth", "/password/forgot", { username }, { "accept-language": accepted });
  await linkTo(`${username}@example.com`, ask);
  expect((await mailsTo(`${username}@example.com`))[0]).toContain(word);
});

test("`me` says that the password must be changed, until it is", async () => {
  const me = async (token: string) =>
    (await send(server, "/auth", { method: "GET", path: "/me", headers: bearer(token) })).body;
  const { access } = await newUser("/auth", "hanna");
  expect(await me(access)).not.toHaveProperty("must_change_password");
  const others = new DatabaseSync(server.database, { timeout: 5_000 });
  others.exec("update users set must_change_password = 1 where username = 'hanna'");
  others.close();
  const again = await signIn(server, "hanna", fresh);
  server.advance(1_000);
  expect(await me(again.access)).toMatchObject({ must_change_password: true });
  const change = { current_password: fresh, new_password: `${fresh} 2` };
  await post("/auth", "/password", change, bearer(again.access));
  server.advance(1_000);
  expect(await me(again.access)).not.toHaveProperty("must_change_password");
});

describe("the operations that need a mail", () => {
  const requests = [
    ["/password/forgot", { username: "alice" }],
    ["/password/reset", { link: "lkl_x", new_password: fresh }],
    ["/email/confirm", { link: "lkl_x" }],
    ["/sign-up", { email: "new@example.com" }],
    ["/join", { link: "lkl_x", username: "x", password: fresh }],
  ] as const;

  test("are unknown paths on a server that sends no mails, and the others work", async () => {
    await using silent = await testServer({ SIGN_UP: "example.com" });
    const { access } = await signIn(silent, "alice");
    for (const [path, body] of requests)
      expect(await send(silent, "/auth", { method: "POST", path, body }), path).toMatchObject({
        status: 404,
      });
    const change = { current_password: passwords.alice, new_password: fresh };
    const request = { method: "POST", path: "/password", body: change, headers: bearer(access) } as const;
    expect(await send(silent, "/auth", request)).toMatchObject({ status: 200 });
  });

  test("are unknown paths for the users of a realm, like all of the own account", async () => {
    await using realm = await FakeRealm.start();
    await using server = await testServer(realm.settings);
    for (const [path, body] of [
      ...requests,
      ["/password", {}],
      ["/email", {}],
      ["/email/verify", {}],
    ] as const)
      expect(await send(server, "/auth", { method: "POST", path, body }), path).toMatchObject({
        status: 404,
      });
    for (const method of ["GET", "DELETE"] as const)
      expect(await send(server, "/auth", { method, path: "/sessions" })).toMatchObject({ status: 404 });
  });
});
