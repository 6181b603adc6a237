import { DatabaseSync } from "node:sqlite";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import type { Page } from "playwright-core";
import { linkOf } from "../api/account-world.ts";

/** A server that keeps its mails, with the links in them. */
export interface Tour extends AsyncDisposable {
  readonly server: TestServer;
  readonly links: { readonly reset: string; readonly confirm: string; readonly join: string };
}

/** Starts the server. Bob has several sessions, and mallory must choose a new password. */
export async function accountTour(): Promise<Tour> {
  const server = await testServer({ MAILBOX: "on", SIGN_UP: "example.com,example.org" });
  const file = new DatabaseSync(server.database, { timeout: 5_000 });
  file.exec("update users set must_change_password = 1, active = 1 where username = 'mallory'");
  file.close();
  const json = async (path: string, body: object, token?: string) => {
    const headers = {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const answer = await fetch(server.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return JSON.parse((await answer.text()) || "{}");
  };
  for (let one = 0; one < 3; one++) await json("/auth/login", { username: "bob", password: passwords.bob });
  const { access_token: alice } = await json("/auth/login", { username: "alice", password: passwords.alice });
  const change = {
    email: "a.very.long.address.of.alice@subdomain.example.com",
    current_password: passwords.alice,
  };
  await json("/auth/email", change, alice);
  await json("/auth/password/forgot", { username: "bob" });
  await json("/auth/sign-up", { email: "carol@example.com" });
  const links = {
    reset: await linkOf(server, "reset"),
    confirm: await linkOf(server, "change_email"),
    join: await linkOf(server, "sign_up"),
  };
  return { server, links, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function signIn(page: Page, { server }: Tour, username: keyof typeof passwords): Promise<void> {
  await page.goto(`${server.url}/account/sign-in`);
  await page.fill("#username", username);
  await page.fill("#password", passwords[username]);
  await submit(page);
}

/** Presses the button of the page's form. */
const submit = (page: Page) => page.locator("form > .buttons button").first().click();

async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.fill(`#${name}`, value);
}

/** Every account page, and the way to it. */
export const accountPages = {
  "sign-in": (page, { server }) => page.goto(`${server.url}/account/sign-in`),
  async "sign-in-refused"(page, { server }) {
    await page.goto(`${server.url}/account/sign-in`);
    await fill(page, { username: "nobody", password: "wrong" });
    await submit(page);
    await page.getByRole("alert").waitFor();
  },
  async "must-change"(page, tour) {
    await signIn(page, tour, "mallory");
    await page.locator("#new_password").waitFor();
  },
  async overview(page, tour) {
    await signIn(page, tour, "bob");
    await page.locator(".sessions").waitFor();
  },
  async password(page, tour) {
    await signIn(page, tour, "bob");
    await page.goto(`${tour.server.url}/account/password`);
  },
  async "password-weak"(page, tour) {
    await signIn(page, tour, "bob");
    const weak = { new_password: "Bob2024!", new_password_again: "Bob2024!" };
    // On a busy machine the check may take too long: then the page says so, and the person tries again.
    await until(
      "the password is refused",
      async () => {
        await page.goto(`${tour.server.url}/account/password`);
        await fill(page, { current_password: passwords.bob, ...weak });
        await submit(page);
        return (await page.locator(".field-error").count()) > 0;
      },
      60_000,
    );
  },
  async email(page, tour) {
    await signIn(page, tour, "alice");
    await page.goto(`${tour.server.url}/account/email`);
  },
  async "email-sent"(page, tour) {
    await signIn(page, tour, "bob");
    await page.goto(`${tour.server.url}/account/email`);
    await fill(page, {
      email: "bob.of.the.long.address@subdomain.example.com",
      current_password: passwords.bob,
    });
    await submit(page);
    await page.locator("form").waitFor({ state: "detached" });
    // The limit on mails to one recipient would stop the tour.
    tour.server.advance(3_600_000);
  },
  forgot: (page, { server }) => page.goto(`${server.url}/account/forgot`),
  async "forgot-sent"(page, { server }) {
    await page.goto(`${server.url}/account/forgot`);
    await page.fill("#username", "somebody");
    await submit(page);
    await page.locator("form").waitFor({ state: "detached" });
    server.advance(3_600_000);
  },
  reset: (page, { server, links }) => page.goto(server.url + links.reset),
  confirm: (page, { server, links }) => page.goto(server.url + links.confirm),
  "sign-up": (page, { server }) => page.goto(`${server.url}/account/sign-up`),
  join: (page, { server, links }) => page.goto(server.url + links.join),
  async "join-refused"(page, { server, links }) {
    await page.goto(server.url + links.join);
    await fill(page, { username: "a@b", new_password: "one password", new_password_again: "another one" });
    await submit(page);
    await page.getByRole("alert").waitFor();
  },
  "dead-link": (page, { server }) => page.goto(`${server.url}/account/reset?link=lkl_no`),
} as const satisfies Record<string, (page: Page, tour: Tour) => Promise<unknown>>;

/** The name of an account page. */
export type AccountPageKind = keyof typeof accountPages;

/** All of their names. */
export const accountPageKinds = Object.keys(accountPages).filter(
  (name): name is AccountPageKind => name in accountPages,
);
