import { DatabaseSync } from "node:sqlite";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Visitor } from "./account-world.ts";
import { register } from "./oauth-world.ts";
import { load, pathFor, submit } from "./sign-in-page-contract.ts";

let server: TestServer;
let path: string;
beforeAll(async () => {
  server = await testServer({ MAILBOX: "on", SIGN_UP: "example.com" });
  path = pathFor((await register(server)).id);
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  await server.server.people.setPassword("bob", passwords.bob);
  mark("bob", true);
  server.newEvents();
});

/** Sets the mark of a user, like another process on the same file. */
function mark(username: string, mustChange: boolean): void {
  const file = new DatabaseSync(server.database, { timeout: 5_000 });
  file
    .prepare("update users set must_change_password = ? where username = ?")
    .run(mustChange ? 1 : 0, username);
  file.close();
}

const names = () => server.newEvents().map(({ name }) => name);
const bob = { username: "bob", password: passwords.bob };
const next = "orbit velvet cactus nine";
const changed = { ...bob, change: "yes", new_password: next, new_password_again: next };
const newFields = /name="new_password"[^>]*autocomplete="new-password"/;

describe("the sign-in page of an application, for a password that must be changed", () => {
  test("asks for a new one after the right password, and grants nothing", async () => {
    expect((await load(server, path)).html).not.toMatch(newFields);
    const page = await submit(server, path, bob);
    expect(page.status).toBe(200);
    expect(page.html).toMatch(newFields);
    expect(page.html).toContain("Before you go on, your password has to be changed.");
    expect(page.html).toContain('value="bob"');
    expect(page.html).not.toContain("code=");
    expect(names()).toEqual([]);
    // Without the new fields it asks again, as often as it is sent.
    expect((await submit(server, path, bob)).html).toMatch(newFields);
  });

  test("says nothing of it after a wrong password", async () => {
    const page = await submit(server, path, { ...bob, password: "wrong" });
    expect([page.status, newFields.test(page.html)]).toEqual([422, false]);
    const guess = await submit(server, path, { ...changed, password: "wrong" });
    expect(guess.status).toBe(422);
    expect(guess.html).toContain("The user name or the password is wrong.");
    expect(names()).toEqual(["login.failed", "login.failed"]);
  });

  test("says why a new password is refused, and grants nothing", async () => {
    for (const [fields, text] of [
      [{ new_password: "" }, "Choose a new password."],
      [{ new_password_again: "another one" }, "The two new passwords are not the same."],
      [{ new_password: "password1", new_password_again: "password1" }, "This password is among the first"],
      [
        { new_password: passwords.bob, new_password_again: passwords.bob },
        "must differ from the current one",
      ],
    ] as const) {
      const page = await submit(server, path, { ...changed, ...fields });
      expect(page.status).toBe(422);
      expect(page.html).toContain(text);
      expect(page.html).toMatch(newFields);
      expect(page.html).not.toMatch(/code=|value="(password1|another one|staple)/);
    }
    expect(names()).toEqual([]);
  });

  test("says it in the reader's language", async () => {
    const weak = { ...changed, new_password: "password1", new_password_again: "password1" };
    const page = await submit(server, path, weak, { "accept-language": "fr" });
    expect(page.html).toContain("Ce mot de passe est parmi les premiers");
  });

  test("changes it and goes on in one step", async () => {
    const page = await submit(server, path, changed);
    expect(page.status).toBe(200);
    expect(page.html).toContain("code=lka_");
    expect(names()).toEqual(["user.password_changed", "authorization.granted"]);
    expect((await submit(server, path, { ...bob, password: next })).html).toContain("code=lka_");
  });

  test("changes it once after a double click, and goes on", async () => {
    const last = "quiet harbour paints seven";
    const form = { ...changed, new_password: last, new_password_again: last };
    const pages = await Promise.all([submit(server, path, form), submit(server, path, form)]);
    pages.push(await submit(server, path, form));
    for (const { status, html } of pages) {
      expect(status).toBe(200);
      expect(html).toContain("code=lka_");
    }
    const made = names();
    expect(made.filter((name) => name === "user.password_changed")).toHaveLength(1);
    expect(made).not.toContain("login.failed");
  });

  test("leads a person without a password to the account pages", async () => {
    const { html } = await load(server, path, { headers: { "accept-language": "de" } });
    expect(html).toContain('<a href="/account/forgot">Passwort vergessen?</a>');
    expect(html).toContain('<a href="/account/sign-up">Konto anlegen</a>');
  });
});

test("the sign-in page has no link to account pages that are off", async () => {
  await using own = await testServer({ MAILBOX: "on", ACCOUNT_PAGES: "off" });
  const { html } = await load(own, pathFor((await register(own)).id));
  expect(html).not.toContain("/account/");
});

describe("the sign-in to the account pages, for a password that must be changed", () => {
  test("asks for a new one, grants nothing before, and then goes on", async () => {
    const visitor = new Visitor(server);
    const asked = await visitor.signIn("bob", passwords.bob, { to: "/account/email" });
    expect([asked.status, visitor.cookie]).toEqual([200, undefined]);
    expect(asked.html).toMatch(newFields);
    expect(asked.html).toContain('name="to" value="/account/email"');
    const weak = await visitor.send("/account/sign-in", {
      ...changed,
      new_password: "password1",
      new_password_again: "password1",
    });
    expect([weak.status, visitor.cookie]).toEqual([422, undefined]);
    expect(weak.html).toContain("This password is among the first");
    const done = await visitor.send("/account/sign-in", { ...changed, to: "/account/email" });
    expect([done.status, done.location]).toEqual([303, "/account/email"]);
    expect((await visitor.open("/account")).status).toBe(200);
  });
});

test("a login over the API works all the same", async () => {
  const login = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(bob),
  };
  expect((await fetch(`${server.url}/auth/login`, login)).status).toBe(200);
});
