import { passwords } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { linkOf, tokenOf } from "../api/account-world.ts";
import { send } from "../api/api-case.ts";
import { type AdminWorld, adminWorld } from "./admin-world.ts";

let world: AdminWorld;
let root: string;
let helen: string;
let argus: string;
beforeAll(async () => {
  world = await adminWorld({
    MAIL_FROM: "login@example.com",
    SMTP_URL: "smtp://127.0.0.1:9",
    SIGN_UP: "invitation",
  });
  [root, helen] = [await world.tokenOf("root"), await world.tokenOf("helen")];
  argus = await world.tokenOf("argus");
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => void world.server.newEvents());

const password = "orange tractor sings";
let added = 0;

/** Adds a user. @returns the path, the user name and the entity tag */
async function person(change: object = {}) {
  const username = `person${added++}`;
  const body = { username, email: `${username}@example.com`, password, ...change };
  const answer = await world.ask(root, { method: "POST", path: "/users", body });
  expect(answer.status).toBe(201);
  world.server.newEvents();
  const id = String(answer.body["id"]);
  return {
    id,
    username,
    path: `/users/${encodeURIComponent(id)}`,
    etag: answer.headers.get("etag") ?? "",
  } as const;
}

const login = async (username: string, word = password) =>
  (await send(world.server, "/auth", { method: "POST", path: "/login", body: { username, password: word } }))
    .status;

describe("a user", () => {
  test("is added, shown and changed, and the trail names the administrator", async () => {
    const { path, id, username, etag } = await person({ display_name: "Person", must_change_password: true });
    const shown = await world.ask(root, { method: "GET", path });
    expect(shown.headers.get("etag")).toBe(etag);
    expect(shown.body).toMatchObject({
      id,
      username,
      roles: ["user"],
      must_change_password: true,
      email_verified: false,
    });
    const changed = await world.ask(root, {
      method: "PATCH",
      path,
      body: { display_name: null, roles: ["editor"], email_verified: true, must_change_password: false },
    });
    expect(changed.body).toMatchObject({ display_name: null, roles: ["editor"], email_verified: true });
    expect(changed.headers.get("etag")).not.toBe(etag);
    expect(world.server.newEvents()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "user.changed", subject: id, reason: "roles", actor: "user:root" }),
      ]),
    );
    expect(await login(username)).toBe(200);
  });

  test("is added without a password, and chooses one by the link of a reset", async () => {
    await using own = await adminWorld({ MAILBOX: "on" });
    const [administrator, body] = [
      await own.tokenOf("root"),
      { username: "nina", email: "nina@example.com" },
    ];
    const request = { method: "POST", path: "/users", body } as const;
    await own.expectAnswer(administrator, request, { status: 201, events: ["user.added"] });
    const reset = { method: "POST", path: "/users/user:nina/reset" } as const;
    await own.expectAnswer(administrator, reset, { status: 202, events: ["reset.requested"] });
    const link = tokenOf(await linkOf(own.server, "reset"));
    const chosen = {
      method: "POST",
      path: "/password/reset",
      body: { link, new_password: password },
    } as const;
    expect((await send(own.server, "/auth", chosen)).status).toBe(200);
    const login = { method: "POST", path: "/login", body: { username: "nina", password } } as const;
    expect((await send(own.server, "/auth", login)).status).toBe(200);
  });

  test("without a password is signed in by none", async () => {
    const { username } = await person({ password: undefined });
    for (const word of [password, "undefined", "null", " "]) expect(await login(username, word)).toBe(401);
    // An empty password, or none at all, is no password that was left out.
    for (const [word, code] of [
      ["", "weak_password"],
      [null, "validation_error"],
    ] as const) {
      const body = { username: "nils", email: "nils@example.com", password: word };
      await world.expectAnswer(helen, { method: "POST", path: "/users", body }, { status: 422, code });
    }
  });

  test("is disabled, enabled, given a password and removed", async () => {
    const { path, username } = await person();
    const post = (verb: string) => world.ask(helen, { method: "POST", path: `${path}/${verb}` });
    expect((await post("disable")).body).toMatchObject({ active_status: false });
    expect(await login(username)).toBe(401);
    expect((await post("enable")).body).toMatchObject({ active_status: true });
    const other = "silver teapot dances";
    const set = await world.ask(helen, {
      method: "PUT",
      path: `${path}/password`,
      body: { password: other, must_change_password: true },
    });
    expect(set.body).toMatchObject({ must_change_password: true });
    expect(await login(username, other)).toBe(200);
    await world.expectAnswer(helen, { method: "DELETE", path }, { status: 200, events: ["user.removed"] });
    await world.expectAnswer(helen, { method: "GET", path }, { status: 404, code: "not_found" });
  });

  test("has sessions that are listed and ended", async () => {
    const { path, username } = await person();
    await login(username);
    await login(username);
    const list = await world.ask(helen, { method: "GET", path: `${path}/sessions` });
    expect(list.body["items"]).toHaveLength(2);
    world.server.newEvents();
    await world.expectAnswer(
      helen,
      { method: "DELETE", path: `${path}/sessions` },
      { status: 200, exactly: { ended: 2 }, events: ["sessions.ended"] },
    );
  });

  test("is unlocked after failed sign-ins", async () => {
    const { path, username } = await person();
    for (let tries = 0; tries < 20; tries++) await login(username, "wrong");
    expect(await login(username)).toBe(429);
    world.server.newEvents();
    await world.expectAnswer(
      helen,
      { method: "POST", path: `${path}/unlock` },
      { status: 200, events: ["user.unlocked"] },
    );
    expect(await login(username)).toBe(200);
  });

  test("is exported by an administrator and erased", async () => {
    const { path, id, username } = await person();
    await login(username);
    const exported = await world.ask(root, { method: "GET", path: `${path}/export` });
    expect(exported.status).toBe(200);
    expect(exported.text).toContain(id);
    expect(exported.text).not.toMatch(/\$argon2|lkr_/);
    world.server.newEvents();
    await world.expectAnswer(
      root,
      { method: "POST", path: `${path}/erase` },
      { status: 200, events: ["user.erased"] },
    );
    await world.expectAnswer(root, { method: "GET", path }, { status: 404, code: "not_found" });
  });

  test("is erased after the removal, by the id, once", async () => {
    const { path } = await person();
    await world.expectAnswer(root, { method: "DELETE", path }, { status: 200, events: ["user.removed"] });
    const erase = { method: "POST", path: `${path}/erase` } as const;
    await world.expectAnswer(root, erase, { status: 200, events: ["user.erased"] });
    await world.expectAnswer(root, erase, { status: 200, events: [] });
    const unknown = { method: "POST", path: "/users/user:never-given/erase" } as const;
    await world.expectAnswer(root, unknown, { status: 404, code: "not_found", events: [] });
  });

  test("is exported by the id after the removal, until the erasure", async () => {
    const { path, id } = await person();
    await world.ask(root, { method: "DELETE", path });
    const request = { method: "GET", path: `${path}/export` } as const;
    await world.expectAnswer(argus, request, { status: 403, code: "protected_account" });
    const exported = await world.expectAnswer(root, request, { status: 200, events: ["user.exported"] });
    expect(exported.body).toMatchObject({ user: { id }, audit_events: [{}, { name: "user.removed" }, {}] });
    await world.ask(root, { method: "POST", path: `${path}/erase` });
    await world.expectAnswer(root, request, { status: 404, code: "not_found" });
  });

  test("gets a mail to reset the password, and a stranger an invitation", async () => {
    const { path } = await person();
    await world.expectAnswer(
      helen,
      { method: "POST", path: `${path}/reset` },
      { status: 202, events: ["reset.requested"] },
    );
    const nearby = await person({ email: "someone@LOCALHOST" });
    const answered = await world.ask(helen, { method: "POST", path: `${nearby.path}/reset` });
    expect(answered.body["message"]).toMatch(
      /^A mail with a link is on its way\. Its address is at localhost/,
    );
    world.server.newEvents();
    const invitation = {
      method: "POST",
      path: "/invitations",
      body: { email: "guest@example.com" },
    } as const;
    const answer = await world.expectAnswer(helen, invitation, { status: 202, events: ["user.invited"] });
    expect(Date.parse(String(answer.body["expires_at"]))).toBeGreaterThan(world.server.now());
    const known = { ...invitation, body: { email: "alice@example.com" } };
    await world.expectAnswer(helen, known, { status: 409, code: "email_taken" });
  });

  test("gets five mails of administrators an hour", async () => {
    const { path } = await person();
    const request = { method: "POST", path: `${path}/reset` } as const;
    for (let time = 0; time < 5; time++)
      expect((await world.ask(time % 2 === 0 ? helen : root, request)).status).toBe(202);
    await world.expectAnswer(root, request, {
      status: 429,
      code: "rate_limited",
      headers: { "retry-after": /^3600$/, ratelimit: /^"sent-reset";r=0;t=3600$/ },
    });
  });

  test("with a name or an address that is taken is refused", async () => {
    const { username, path } = await person();
    const other = await person();
    const taken = { status: 409, code: "username_taken" };
    const body = { username: username.toUpperCase(), email: "new@example.com", password };
    await world.expectAnswer(root, { method: "POST", path: "/users", body }, taken);
    await world.expectAnswer(root, { method: "PATCH", path: other.path, body: { username } }, taken);
    const email = { email: `${username}@example.com` };
    const code = "email_taken";
    await world.expectAnswer(root, { method: "PATCH", path: other.path, body: email }, { status: 409, code });
    await world.expectAnswer(root, { method: "PATCH", path, body: email }, { status: 200, events: [] });
  });

  test("with a weak password is refused with the cure", async () => {
    const { path, username } = await person();
    for (const weak of ["password1", `${username}2024!`, "111111111111111"]) {
      const request = { method: "PUT", path: `${path}/password`, body: { password: weak } } as const;
      const answer = await world.expectAnswer(root, request, { status: 422, code: "weak_password" });
      expect(answer.body["message"]).toMatch(/^Choose another password: (this|the) password /);
      expect(answer.text).not.toContain(weak);
    }
  });
});

describe("a list of users", () => {
  test("is searched, filtered and read page by page", async () => {
    const names = ["Zoe", "zoltan", "zora"];
    for (const username of names) await person({ username, email: `${username}@z.example`, roles: ["zet"] });
    const read = async (query: string) => {
      const found: string[] = [];
      for (let cursor = ""; ; ) {
        const { text } = await world.ask(root, { method: "GET", path: `/users?${query}${cursor}` });
        const { items, next } = JSON.parse(text);
        found.push(...items.map(({ username }: { readonly username: string }) => username));
        if (next === undefined) return found;
        cursor = `&cursor=${next}`;
      }
    };
    expect(await read("search=ZO&limit=1")).toEqual(names);
    expect(await read("role=zet")).toEqual(names);
    expect(await read("search=zo&status=disabled")).toEqual([]);
    expect(await read("search=zo&verified=true")).toEqual([]);
    expect(await read("search=%25")).toEqual([]);
    const all = await read("limit=2");
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(expect.arrayContaining(["alice", "mallory", "root", ...names]));
  });

  test("is read behind users with the longest names", async () => {
    // The folded form of this ligature has eighteen letters.
    const names = ["\u6f22", "\u5b57"].map((letter) => ({
      username: letter.repeat(128),
      email: `${letter.repeat(242)}@z.example`,
      display_name: "\ufdfa".repeat(256),
    }));
    for (const body of names) await person(body);
    const prefixes = ["\u6f22", "\ufdfa", "\u6f22".repeat(240)].map((search) => ({ search }));
    for (const search of [{}, ...prefixes])
      for (let cursor = ""; ; ) {
        const query = new URLSearchParams({ ...search, limit: "1", ...(cursor !== "" && { cursor }) });
        const { status, body } = await world.ask(root, { method: "GET", path: `/users?${query}` });
        expect(status).toBe(200);
        if (body["next"] === undefined) break;
        cursor = String(body["next"]);
      }
  });
});

describe("a change under If-Match", () => {
  const stale = { status: 412, code: "precondition_failed" };

  test("is made for the current version, alone or in a list, and for *", async () => {
    const { path } = await person();
    for (const header of [(etag: string) => etag, (etag: string) => `"77", ${etag}`, () => "*"]) {
      const etag = (await world.ask(root, { method: "GET", path })).headers.get("etag") ?? "";
      const body = { display_name: `name ${etag} ${header(etag)}` };
      const headers = { "if-match": header(etag) };
      expect((await world.ask(root, { method: "PATCH", path, body, headers })).status).toBe(200);
    }
  });

  test("is refused for a stale, weak, bare or malformed tag, and changes nothing", async () => {
    const { path, username, etag } = await person();
    const version = etag.replaceAll('"', "");
    for (const tag of ['"99"', `W/${etag}`, version, "", `"${version}`, '"*"']) {
      const headers = { "if-match": tag };
      for (const request of [
        { method: "PATCH", path, body: { display_name: "Changed" } },
        { method: "PUT", path: `${path}/password`, body: { password: "silver teapot dances" } },
        { method: "POST", path: `${path}/disable` },
        { method: "POST", path: `${path}/unlock` },
        { method: "DELETE", path: `${path}/sessions` },
        { method: "POST", path: `${path}/reset` },
        { method: "POST", path: `${path}/erase` },
        { method: "DELETE", path },
      ] as const)
        await world.expectAnswer(root, { ...request, headers }, stale);
    }
    expect((await world.ask(root, { method: "GET", path })).headers.get("etag")).toBe(etag);
    expect(await login(username)).toBe(200);
  });

  test("of twenty at once, one is made", async () => {
    const { path, etag } = await person();
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const request = {
          method: "PATCH",
          path,
          body: { display_name: `name ${at}` },
          headers: { "if-match": etag },
        } as const;
        return (await world.ask(root, request)).status;
      }),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(new Set(statuses)).toEqual(new Set([200, 412]));
  });
});

describe("support", () => {
  const protectedAccount = { status: 403, code: "protected_account" };

  test.each(["user:root", "user:argus", "user:helen"])("changes nothing of %s", async (id) => {
    const path = `/users/${id}` as const;
    for (const request of [
      { method: "PATCH", path, body: { email: "mine@example.com" } },
      { method: "PATCH", path, body: { must_change_password: true } },
      { method: "PUT", path: `${path}/password`, body: { password: "silver teapot dances" } },
      { method: "POST", path: `${path}/reset` },
      { method: "POST", path: `${path}/unlock` },
      { method: "POST", path: `${path}/enable` },
      { method: "DELETE", path: `${path}/sessions` },
    ] as const)
      await world.expectAnswer(helen, request, protectedAccount);
    for (const request of [
      { method: "POST", path: `${path}/disable` },
      { method: "DELETE", path },
    ] as const)
      expect((await world.ask(helen, request)).status).toBe(403);
    expect((await world.ask(root, { method: "GET", path })).body).toMatchObject({ active_status: true });
  });

  test("sets no roles, of a new or an older user or by an invitation", async () => {
    const { path } = await person();
    const forbidden = { status: 403, code: "forbidden" };
    const body = { username: "boss", email: "boss@example.com", password, roles: ["admin"] };
    await world.expectAnswer(helen, { method: "POST", path: "/users", body }, forbidden);
    await world.expectAnswer(helen, { method: "PATCH", path, body: { roles: ["admin"] } }, forbidden);
    const invitation = { email: "boss@example.com", roles: ["support"] };
    await world.expectAnswer(helen, { method: "POST", path: "/invitations", body: invitation }, forbidden);
    const plain = { ...body, roles: ["user"] };
    await world.expectAnswer(
      helen,
      { method: "POST", path: "/users", body: plain },
      { status: 201, events: ["user.added"] },
    );
  });

  test("loses an account that becomes an administrator's", async () => {
    const { path } = await person();
    await world.ask(root, { method: "PATCH", path, body: { roles: ["auditor"] } });
    await world.expectAnswer(helen, { method: "POST", path: `${path}/disable` }, protectedAccount);
  });
});

describe("an administrator", () => {
  test("neither disables nor removes nor erases the own account", async () => {
    for (const [verb, request] of [
      ["disable", { method: "POST", path: "/users/user:root/disable" }],
      ["remove", { method: "DELETE", path: "/users/user:root" }],
      ["erase", { method: "POST", path: "/users/user:root/erase" }],
    ] as const) {
      const answer = await world.expectAnswer(root, request, { status: 403, code: "forbidden" });
      expect(answer.body["message"]).toBe(`You are not allowed to do this: you cannot ${verb} yourself`);
    }
  });

  test("is not the last one to go: a machine removes all but one", async () => {
    const token = await world.machine("users:read", "users:write", "roles:write");
    const last = { status: 409, code: "last_administrator" };
    await world.expectAnswer(token, { method: "DELETE", path: "/users/user:root" }, last);
    await world.expectAnswer(token, { method: "POST", path: "/users/user:root/disable" }, last);
    await world.expectAnswer(token, { method: "PATCH", path: "/users/user:root", body: { roles: [] } }, last);
  });

  test("loses the powers by a demotion, although the token is still valid", async () => {
    const boss = await person({ roles: ["admin"] });
    const body = { username: boss.username, password };
    const { body: tokens } = await send(world.server, "/auth", { method: "POST", path: "/login", body });
    const token = String(tokens["access_token"]);
    expect((await world.ask(token, { method: "GET", path: "/keys" })).status).toBe(200);
    await world.ask(root, { method: "PATCH", path: boss.path, body: { roles: ["user"] } });
    world.server.advance(1_000);
    await world.expectAnswer(token, { method: "GET", path: "/keys" }, { status: 403, code: "forbidden" });
  });
});

describe("a body", () => {
  test.each([
    ["an unknown field", { admin: true }, "body.admin: Unknown field"],
    ["a field of another type", { username: 7 }, "body.username: Input should be a valid string"],
    ["roles that are a text", { roles: "admin" }, "body.roles: Input should be a valid list"],
    ["roles of numbers", { roles: [1] }, "body.roles.0: Input should be a valid string"],
    [
      "a mark that is a text",
      { must_change_password: "no" },
      "body.must_change_password: Input should be a valid boolean",
    ],
    [
      "too many roles",
      { roles: Array.from({ length: 51 }, (_, at) => `r${at}`) },
      "body.roles: at most 50 roles",
    ],
    ["an invisible name", { display_name: "a\u200bb" }, "body.display_name: a display name has"],
    ["a user name that is an address", { username: "a@b.example" }, "body.username: a user name"],
    ["an address without a domain", { email: "alice" }, "body.email: this is not an e-mail address"],
  ])("with %s is refused", async (_, change, text) => {
    const { path } = await person();
    const request = { method: "PATCH", path, body: change } as const;
    const answer = await world.expectAnswer(root, request, { status: 422, code: "validation_error" });
    expect(String(answer.body["message"])).toContain(text);
  });

  test("with a prototype, of another type or over 16 KiB is refused", async () => {
    const { path } = await person();
    const patch = (body: string, type = "application/json") =>
      world.ask(root, { method: "PATCH", path, body, headers: { "content-type": type } });
    const answers = [
      await patch('{"__proto__":{"roles":["admin"]}}'),
      await patch('{"constructor":{"roles":["admin"]}}'),
      await patch("[]"),
      await patch("null"),
      await patch("{"),
      await patch('{"display_name":"x"}', "text/plain"),
      await patch(JSON.stringify({ roles: Array.from({ length: 5_000 }, () => "role") })),
    ];
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 422, 400, 400, 413]);
    const merge = await patch('{"display_name":"x"}', "application/merge-patch+json");
    expect(merge.status).toBe(200);
  });

  test("of an operation without one is ignored", async () => {
    const { path } = await person();
    const headers = { "content-type": "text/plain" };
    const request = { method: "DELETE", path, body: "delete nothing", headers } as const;
    await world.expectAnswer(root, request, { status: 200, events: ["user.removed"] });
  });
});

describe("an id in the path", () => {
  test.each(["user:alice", "user%3Aalice", "%75ser%3Aalice"])("is percent-encoded or not: %s", async (id) => {
    expect((await world.ask(root, { method: "GET", path: `/users/${id}` })).body).toMatchObject({
      id: "user:alice",
    });
  });

  test.each([
    "user:ALICE",
    "alice",
    "user%253Aalice",
    "user:alice%00",
    "user:alice%20",
    "..%2Fuser:alice",
    `${"x".repeat(1_600)}`,
  ])("in another spelling is unknown: %s", async (id) => {
    await world.expectAnswer(
      root,
      { method: "GET", path: `/users/${id}` },
      { status: 404, code: "not_found" },
    );
  });
});

test("a disabled administrator's token opens nothing", async () => {
  const boss = await person({ roles: ["admin"] });
  const body = { username: boss.username, password };
  const answer = await send(world.server, "/auth", { method: "POST", path: "/login", body });
  const token = String(answer.body["access_token"]);
  await world.ask(root, { method: "POST", path: `${boss.path}/disable` });
  await world.expectAnswer(token, { method: "GET", path: "/users" }, { status: 401, code: "token_revoked" });
});

test("a user's own token opens nothing, and says so", async () => {
  expect(await login("bob", passwords.bob)).toBe(200);
  const token = await world.tokenOf("bob");
  await world.expectAnswer(
    token,
    { method: "GET", path: "/users/user:bob" },
    { status: 403, code: "forbidden" },
  );
});
