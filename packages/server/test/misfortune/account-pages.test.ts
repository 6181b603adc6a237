import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linkOf, mailTimeout, tokenOf } from "../api/account-world.ts";

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--host-resolver-rules=MAP *.example 127.0.0.1"],
  });
  server = await testServer({ MAILBOX: "on", SIGN_UP: "example.com" });
});
afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

/** How long a browser on a busy machine may take to follow a page, in milliseconds. */
const browserTimeout = 20_000;

const phrase = "orbit velvet cactus nine";

/** A browser without JavaScript, and its complaints. */
async function open(path: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (line) => {
    // A refused form is a page with a status that Chromium reports.
    if (!line.text().startsWith("Failed to load resource")) complaints.push(line.text());
  });
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(server.url + path);
  return { page, context, complaints, requests, [Symbol.asyncDispose]: () => context.close() };
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const heading = (page: Page) => page.textContent("h1");

/** Presses a button, and waits for the page that answers: the browser goes back from nowhere else. */
async function submit(page: Page, name: string): Promise<void> {
  await Promise.all([page.waitForEvent("load"), press(page, name)]);
}

async function signIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel("User name or e-mail address").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await press(page, "Sign in");
}

/** Fills in a new password, twice. */
async function choose(page: Page, password: string): Promise<void> {
  await page.locator("#new_password").fill(password);
  await page.locator("#new_password_again").fill(password);
}

/** Makes an account from the sign-up page to its first sign-in, and leaves the browser signed in. */
async function join(page: Page, username: string): Promise<void> {
  await page.goto(`${server.url}/account/sign-up`);
  await page.getByLabel("E-mail address").fill(`${username}@example.com`);
  await press(page, "Send the link");
  const seen = [...links];
  const link = await linkOf(server, "sign_up", seen);
  links.add(link);
  await page.goto(server.url + link);
  await page.getByLabel("User name").fill(username);
  await page.getByLabel("Your name").fill("A new person");
  await choose(page, phrase);
  await press(page, "Create the account");
  expect(await heading(page)).toBe("Your account is ready");
  await page.getByRole("link", { name: "Sign in" }).click();
  await signIn(page, username, phrase);
  expect(await heading(page)).toBe("Your account");
}

/** The links that a test has used. */
const links = new Set<string>();

describe("a person without JavaScript", () => {
  test("signs up, and no page complains", async () => {
    await using opened = await open("/account/sign-in");
    const { page, complaints, requests } = opened;
    await page.getByRole("link", { name: "Create an account" }).click();
    await join(page, "carol");
    expect(await page.textContent(".summary")).toContain("carol@example.com");
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(server.url))).toEqual([]);
  });

  test("replaces a forgotten password, from the mail to the sign-in", async () => {
    await using opened = await open("/account");
    const { page, complaints } = opened;
    await join(page, "dora");
    await press(page, "Sign out");
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await page.getByLabel("User name or e-mail address").fill("DORA@example.com");
    await press(page, "Send the link");
    expect(await heading(page)).toBe("Look into your mailbox");
    const link = await linkOf(server, "reset");
    // The person opens the mail, and presses its link.
    await page.goto(`${server.url}/mailbox`);
    await page.locator(`a[href$="${link}"]`).first().click();
    expect(await heading(page)).toBe("Choose a new password");
    const submitted = page.waitForRequest((request) => request.method() === "POST");
    await choose(page, "password1");
    await press(page, "Save the password");
    const { url, referer } = await submitted.then(async (request) => ({
      url: request.url(),
      referer: (await request.allHeaders())["referer"],
    }));
    expect([url, referer]).toEqual([`${server.url}/account/reset`, undefined]);
    expect(await page.textContent(".field-error")).toContain("among the first");
    await choose(page, "a quite different one");
    await press(page, "Save the password");
    expect(await heading(page)).toBe("Your new password is saved");
    await page.getByRole("link", { name: "Sign in" }).click();
    await signIn(page, "dora", "a quite different one");
    expect(await heading(page)).toBe("Your account");
    expect(complaints).toEqual([]);
  });

  test("changes the password, and another browser is signed out", async () => {
    await using one = await open("/account");
    await join(one.page, "emma");
    await using other = await open("/account");
    await signIn(other.page, "emma", phrase);
    await one.page.reload();
    expect(await one.page.locator(".sessions li").count()).toBe(2);
    await one.page.getByRole("link", { name: "Change your password" }).click();
    await one.page.getByLabel("Current password").fill(phrase);
    await choose(one.page, "a quite different one");
    expect(await one.page.getByLabel("Sign me out everywhere else").isChecked()).toBe(true);
    await press(one.page, "Change password");
    expect(await heading(one.page)).toBe("Your password is changed");
    await one.page.getByRole("link", { name: "Back to your account" }).click();
    expect(await one.page.locator(".sessions li").count()).toBe(1);
    await other.page.reload();
    expect(await heading(other.page)).toBe("Sign in to your account");
  });

  test("changes the e-mail address, and confirms it", async () => {
    await using opened = await open("/account");
    const { page } = opened;
    await join(page, "fred");
    await page.getByRole("link", { name: "Change your e‑mail address" }).click();
    await page.getByLabel("New e-mail address").fill("frédéric@exämple.example");
    await page.getByLabel("Current password").fill(phrase);
    await press(page, "Send the link");
    expect(await page.textContent("main")).toContain("frédéric@exämple.example");
    const link = await linkOf(server, "change_email");
    await page.goto(server.url + link);
    await press(page, "Confirm");
    expect(await heading(page)).toBe("Your address is confirmed");
    await page.getByRole("link", { name: "Back to your account" }).click();
    expect(await page.textContent(".summary")).toContain("frédéric@exämple.example");
  });

  test("ends one session, then all others", async () => {
    await using one = await open("/account");
    await join(one.page, "gina");
    await using two = await open("/account");
    await using three = await open("/account");
    for (const { page } of [two, three]) await signIn(page, "gina", phrase);
    await one.page.reload();
    await one.page
      .getByRole("button", { name: /^End Sign-in/ })
      .first()
      .click();
    expect(await one.page.locator(".sessions li").count()).toBe(2);
    await press(one.page, "End all other sessions");
    expect(await one.page.locator(".sessions li").count()).toBe(1);
    for (const { page } of [two, three]) {
      await page.goto(`${server.url}/account`);
      expect(await heading(page)).toBe("Sign in to your account");
    }
  });

  test("comes back to the page that was asked for when the sign-in has expired", async () => {
    await using opened = await open("/account");
    const { page } = opened;
    await signIn(page, "alice", passwords.alice);
    await page.goto(`${server.url}/account/email`);
    server.advance(3_600_001);
    await page.getByLabel("New e-mail address").fill("alice@new.example");
    await page.getByLabel("Current password").fill(passwords.alice);
    await press(page, "Send the link");
    expect(await heading(page)).toBe("Sign in to your account");
    await signIn(page, "alice", passwords.alice);
    expect(await heading(page)).toBe("Change your e‑mail address");
  });

  test("uses the keyboard alone", async () => {
    await using opened = await open("/account/password");
    const { page } = opened;
    const { keyboard } = page;
    await keyboard.press("Tab");
    await keyboard.type("bob");
    await keyboard.press("Tab");
    await keyboard.type(passwords.bob);
    await keyboard.press("Enter");
    await page.locator("#current_password").waitFor();
    for (const text of [passwords.bob, "alice", "alice"]) {
      await keyboard.press("Tab");
      await keyboard.type(text);
    }
    await keyboard.press("Tab");
    await keyboard.press("Space");
    expect(await page.getByLabel("Sign me out everywhere else").isChecked()).toBe(false);
    await keyboard.press("Enter");
    await page.locator(".field-error").waitFor();
    // The cursor is in the field with the fault, and the choice has stayed.
    expect(await page.locator("#new_password").evaluate((it) => it === it.ownerDocument.activeElement)).toBe(
      true,
    );
    expect(await page.getByLabel("Sign me out everywhere else").isChecked()).toBe(false);
  });

  test("presses twice, and the account is made once", async () => {
    await using opened = await open("/account/sign-up");
    const { page } = opened;
    await page.getByLabel("E-mail address").fill("hugo@example.com");
    await press(page, "Send the link");
    const link = await linkOf(server, "sign_up", [...links]);
    links.add(link);
    await page.goto(server.url + link);
    await page.getByLabel("User name").fill("hugo");
    await choose(page, phrase);
    server.newEvents();
    await page.getByRole("button", { name: "Create the account" }).dblclick();
    await until("a result is shown", async () => !page.url().includes("link="), browserTimeout);
    await until("the account is made", () =>
      server.newEvents().some(({ name }) => name === "user.signed_up"),
    );
    await page.goto(`${server.url}/account/sign-in`);
    await signIn(page, "hugo", phrase);
    expect(await heading(page)).toBe("Your account");
    expect(server.newEvents().map(({ name }) => name)).not.toContain("user.signed_up");
  });

  test("goes back after sign-out, and no page of the account is shown again", async () => {
    await using opened = await open("/account");
    const { page } = opened;
    await signIn(page, "alice", passwords.alice);
    await page.goto(`${server.url}/account/password`);
    await page.goto(`${server.url}/account`);
    await submit(page, "Sign out");
    await page.goBack();
    expect(await page.content()).not.toContain("alice@example.com");
    expect(await heading(page)).toBe("Sign in to your account");
  });

  test("goes back after the reset, and the link is dead", async () => {
    await using opened = await open("/account");
    const { page } = opened;
    await join(page, "ines");
    const earlier = await linkOf(server, "reset");
    await page.goto(`${server.url}/account/forgot`);
    await page.getByLabel("User name or e-mail address").fill("ines");
    await press(page, "Send the link");
    const link = await linkOf(server, "reset", [earlier]);
    await page.goto(server.url + link);
    await choose(page, "a quite different one");
    await submit(page, "Save the password");
    await page.goBack();
    expect(await heading(page)).toBe("This link does not work any more");
  });
});

test("a link that has expired leads to a new one", async () => {
  await using opened = await open("/account/forgot");
  const { page } = opened;
  await page.getByLabel("User name or e-mail address").fill("alice");
  await press(page, "Send the link");
  let link = "";
  await until(
    "the mail to alice arrives",
    async () => {
      const mailbox = await (await fetch(`${server.url}/mailbox`)).text();
      const mail = mailbox
        .split("<section")
        .find((one) => one.includes("alice@example.com</bdi> · reset · "));
      link = /href="[^"]*(\/account\/reset\?link=[\w-]+)"/.exec(mail ?? "")?.[1] ?? "";
      return link !== "";
    },
    mailTimeout,
  );
  server.advance(30 * 60_000);
  await page.goto(server.url + link);
  expect(await heading(page)).toBe("This link does not work any more");
  await page.getByRole("link", { name: "Ask for a new link" }).click();
  expect(await heading(page)).toBe("Forgot your password?");
});

describe("a page of another site", () => {
  const evil = "http://evil.example:8080/page";

  /** A page of another site, in the browser of a signed-in person. */
  async function foreignPage(html: string) {
    const opened = await open("/account", { javaScriptEnabled: true });
    const { page } = opened;
    await signIn(page, "alice", passwords.alice);
    await page.route(evil, (route) => route.fulfill({ contentType: "text/html", body: html }));
    await page.goto(evil);
    return opened;
  }

  test("cannot send a form, and the account stays as it is", async () => {
    const inputs = `<input name="email" value="evil@evil.example"><input name="current_password" value="${passwords.alice}">`;
    await using foreign = await foreignPage(
      `<form method="post" action="${server.url}/account/email">${inputs}<button>Win</button></form>`,
    );
    server.newEvents();
    await foreign.page.getByRole("button").click();
    expect(await heading(foreign.page)).toBe("This form came from another site");
    expect(server.newEvents()).toEqual([]);
    await foreign.page.getByRole("link", { name: "Try again" }).click();
    await until(
      "the account is shown",
      async () => (await heading(foreign.page)) === "Your account",
      browserTimeout,
    );
  });

  test("cannot frame a page or read it", async () => {
    await using foreign = await foreignPage(`<iframe src="${server.url}/account"></iframe>`);
    await until(
      "the frame is refused",
      () => foreign.page.frames().some((frame) => frame.url().startsWith("chrome-error:")),
      browserTimeout,
    );
    const read = `fetch("${server.url}/account", { credentials: "include" }).then(() => "read", ({ name }) => name)`;
    expect(await foreign.page.evaluate(read)).toBe("TypeError");
  });

  test("leads to the account by a link, and the person is still signed in", async () => {
    await using foreign = await foreignPage(`<a href="${server.url}/account/password">Change it</a>`);
    await foreign.page.getByRole("link").click();
    await until(
      "the page is shown",
      async () => (await heading(foreign.page)) === "Change your password",
      browserTimeout,
    );
  });

  test("never hears of a link", async () => {
    await using opened = await open("/account", { javaScriptEnabled: true });
    const { page } = opened;
    const link = await linkOf(server, "change_email");
    await page.goto(server.url + link);
    expect(await page.evaluate("document.referrer")).toBe("");
    await page.route(evil, (route) =>
      route.fulfill({ contentType: "text/html", body: "<title>Evil</title>" }),
    );
    const asked = page.waitForRequest(evil);
    await page.evaluate(`location.href = "${evil}"`);
    expect((await (await asked).allHeaders())["referer"]).toBeUndefined();
    expect(tokenOf(link)).toMatch(/^lkl_/);
  });
});
