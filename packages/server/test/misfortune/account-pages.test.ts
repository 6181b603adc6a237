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
  const root = { username: "root", email: "root@example.com", displayName: null, roles: ["admin"] };
  await server.server.people.add(root, phrase);
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

/** Asks for a reset on the page. @returns the link in the mail */
async function resetLinkOf(page: Page, username: string): Promise<string> {
  await page.goto(`${server.url}/account/forgot`);
  await page.getByLabel("User name or e-mail address").fill(username);
  await press(page, "Send the link");
  const link = await linkOf(server, "reset", [...links]);
  links.add(link);
  return link;
}

/** Sends a request of an administrator over HTTP. */
async function administer(method: string, path: string, body: object): Promise<void> {
  const send = (url: string, how: string, sent: object, token = "") =>
    fetch(server.url + url, {
      method: how,
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(sent),
    });
  const login = await send("/auth/login", "POST", { username: "root", password: phrase });
  const { access_token }: { access_token: string } = JSON.parse(await login.text());
  const answer = await send(`/admin/v1${path}`, method, body, access_token);
  expect(answer.ok, await answer.text()).toBe(true);
}

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
    const link = await linkOf(server, "reset", [...links]);
    links.add(link);
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
    links.add(link);
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

  test("must choose another password at the sign-in, and is then signed in", async () => {
    await administer("PATCH", "/users/user:bob", { must_change_password: true });
    await using opened = await open("/account");
    const { page, complaints } = opened;
    await signIn(page, "bob", passwords.bob);
    expect(await page.textContent("main")).toContain("your password has to be changed");
    await page.getByLabel("Password", { exact: true }).fill(passwords.bob);
    await choose(page, phrase);
    await submit(page, "Save and sign in");
    expect(await heading(page)).toBe("Your account");
    await submit(page, "Sign out");
    await signIn(page, "bob", phrase);
    expect(await heading(page)).toBe("Your account");
    expect(complaints).toEqual([]);
    await server.server.people.setPassword("bob", passwords.bob);
  });

  test("confirms the present address", async () => {
    await using opened = await open("/account");
    const { page, complaints } = opened;
    await signIn(page, "bob", passwords.bob);
    expect(await page.textContent(".summary")).toContain("Not confirmed yet");
    await submit(page, "Send a link to confirm it");
    expect(await page.textContent("main")).toContain("bob@example.com");
    await page.goto(server.url + (await linkOf(server, "verify")));
    expect(await page.textContent("main")).toContain("for your account bob");
    await submit(page, "Confirm");
    expect(await heading(page)).toBe("Your address is confirmed");
    await page.getByRole("link", { name: "Back to your account" }).click();
    expect(await page.textContent(".summary")).not.toContain("Not confirmed yet");
    expect(complaints).toEqual([]);
  });

  test("joins by an invitation", async () => {
    const invited = { email: "ivan@elsewhere.example", roles: ["user", "editor"] };
    await administer("POST", "/invitations", invited);
    await using opened = await open(await linkOf(server, "invitation"));
    const { page, complaints } = opened;
    expect(await page.textContent("main")).toContain("ivan@elsewhere.example");
    await page.getByLabel("User name").fill("ivan");
    await choose(page, phrase);
    await submit(page, "Create the account");
    expect(await heading(page)).toBe("Your account is ready");
    await page.getByRole("link", { name: "Sign in" }).click();
    await signIn(page, "ivan", phrase);
    expect(await page.textContent(".summary")).toContain("ivan@elsewhere.example");
    expect(await page.textContent(".summary")).not.toContain("Not confirmed yet");
    expect(complaints).toEqual([]);
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
    const link = await resetLinkOf(page, "ines");
    await page.goto(server.url + link);
    await choose(page, "a quite different one");
    await submit(page, "Save the password");
    await page.goBack();
    expect(await heading(page)).toBe("This link does not work any more");
  });
});

describe("a double click", () => {
  /**
   * Presses a button a second time when the server has done the work, and its answer is still on its way. Waits for the
   * page that the person reads in the end.
   */
  async function pressTwice(page: Page, button: string, title: string): Promise<void> {
    const first = Promise.withResolvers<number>();
    let posts = 0;
    await page.route("**/account/*", async (route) => {
      const request = route.request();
      if (request.method() !== "POST" || posts++ > 0) return route.continue();
      // The test brings the first form to the server, and keeps its answer from the browser.
      const { cookie = "", "content-type": type = "" } = await request.allHeaders();
      const headers = { origin: server.url, "content-type": type, ...(cookie !== "" && { cookie }) };
      const sent = { method: "POST", redirect: "manual", headers, body: request.postData() } as const;
      first.resolve((await fetch(request.url(), sent)).status);
    });
    const box = await page.getByRole("button", { name: button, exact: true }).boundingBox();
    const [x, y] = [(box?.x ?? 0) + 5, (box?.y ?? 0) + 5];
    await page.mouse.click(x, y);
    expect(await first.promise).toBeLessThan(400);
    await page.mouse.click(x, y);
    await page.getByRole("heading", { name: title, exact: true }).waitFor({ timeout: browserTimeout });
    expect(posts).toBe(2);
  }

  const named = (name: string) => server.newEvents().filter((event) => event.name === name);

  test("makes one account, and says that it is ready", async () => {
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
    await pressTwice(page, "Create the account", "Your account is ready");
    expect(named("user.signed_up")).toHaveLength(1);
    await page.getByRole("link", { name: "Sign in" }).click();
    await signIn(page, "hugo", phrase);
    expect(await heading(page)).toBe("Your account");
  });

  test("resets one password, and says that it is saved", async () => {
    await using opened = await open("/account");
    const { page } = opened;
    await join(page, "jane");
    const link = await resetLinkOf(page, "jane");
    await page.goto(server.url + link);
    await choose(page, "a quite different one");
    server.newEvents();
    await pressTwice(page, "Save the password", "Your new password is saved");
    expect(named("user.password_changed")).toHaveLength(1);
  });

  test("confirms one address, and says so", async () => {
    await using opened = await open("/account");
    const { page } = opened;
    await join(page, "kate");
    await page.goto(`${server.url}/account/email`);
    await page.getByLabel("New e-mail address").fill("kate@elsewhere.example");
    await page.getByLabel("Current password").fill(phrase);
    await submit(page, "Send the link");
    await page.goto(server.url + (await linkOf(server, "change_email", [...links])));
    server.newEvents();
    await pressTwice(page, "Confirm", "Your address is confirmed");
    expect(named("user.changed")).toHaveLength(1);
  });

  test("changes the own password once, and says so", async () => {
    await using opened = await open("/account");
    const { page } = opened;
    await join(page, "lily");
    await page.goto(`${server.url}/account/password`);
    await page.getByLabel("Current password").fill(phrase);
    await choose(page, "a quite different one");
    server.newEvents();
    await pressTwice(page, "Change password", "Your password is changed");
    expect(named("user.password_changed")).toHaveLength(1);
  });

  test("at a password that must be changed signs in", async () => {
    await using opened = await open("/account");
    const { page } = opened;
    await join(page, "mary");
    await submit(page, "Sign out");
    await administer("PATCH", "/users/user:mary", { must_change_password: true });
    await signIn(page, "mary", phrase);
    await page.getByLabel("Password", { exact: true }).fill(phrase);
    await choose(page, "a quite different one");
    server.newEvents();
    await pressTwice(page, "Save and sign in", "Your account");
    expect(named("user.password_changed")).toHaveLength(1);
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
