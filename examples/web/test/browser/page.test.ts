import { createServer } from "node:http";
import { canBrowse, startChromium } from "@latchkey/testkit/chromium";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Web, webStarter } from "../worlds.ts";

const start = webStarter();

describe.skipIf(!canBrowse)("the page in a browser", () => {
  const running = new AsyncDisposableStack();
  let web: Web;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  beforeAll(async () => {
    web = await start();
    ({ browser } = running.use(await startChromium()));
  });
  afterAll(() => running.disposeAsync());
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
  });
  afterEach(() => context.close());

  const signIn = async (password = "alice123") => {
    await page.goto(web.url);
    await page.getByLabel("User name").fill("alice");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  const heading = (name: string, of = page) => of.getByRole("heading", { name }).waitFor();

  test("login, a note, a reload, a second tab, logout", async () => {
    const answers: Promise<string>[] = [];
    context.on("response", (response) => void answers.push(response.text().catch(() => "")));
    await signIn();
    await heading("Notes of alice");
    await page.getByLabel("Note").fill("buy milk");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("listitem").filter({ hasText: "buy milk" }).waitFor();
    await page.reload();
    await heading("Notes of alice");

    const other = await context.newPage();
    await other.goto(web.url);
    await heading("Notes of alice", other);
    await page.getByRole("button", { name: "Sign out" }).click();
    await heading("Sign in");
    await heading("Sign in", other);
    expect((await Promise.all(answers)).join()).not.toMatch(/eyJ|lkr_/);
  });

  test("a session that ends without a message is noticed at the next call", async () => {
    await signIn();
    await heading("Notes of alice");
    await context.clearCookies();
    await page.getByLabel("Note").fill("too late");
    await page.getByRole("button", { name: "Add" }).click();
    await heading("Sign in");
  });

  test("a login as another user changes the user of every tab, and shows no note of the first", async () => {
    await signIn();
    await heading("Notes of alice");
    await page.getByLabel("Note").fill("private");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("listitem").filter({ hasText: "private" }).waitFor();
    const other = await context.newPage();
    await other.goto(web.url);
    await heading("Notes of alice", other);
    // Without a logout in between, as if the first tab had missed its message.
    const admin = { username: "admin", password: "admin123" };
    const headers = { "content-type": "application/json" };
    const sent = JSON.stringify({ method: "POST", headers, body: JSON.stringify(admin) });
    expect(await other.evaluate(`fetch("/api/session", ${sent}).then(({ status }) => status)`)).toBe(200);
    await other.evaluate('new BroadcastChannel("session").postMessage(null)');
    await heading("Notes of admin");
    await heading("Notes of admin", other);
    expect(await page.getByText("private").count()).toBe(0);
  });

  test("a wrong password is shown as a message", async () => {
    await signIn("wrong");
    await page.getByRole("alert").filter({ hasText: /\w/ }).waitFor();
    expect(await context.cookies()).toEqual([]);
  });

  test("scripts of the page see neither cookie nor token", async () => {
    await signIn();
    await heading("Notes of alice");
    expect(await context.cookies()).toEqual([
      expect.objectContaining({ name: "__Host-session", httpOnly: true, secure: true, sameSite: "Strict" }),
    ]);
    expect(await page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")).toEqual([
      "",
      0,
      0,
    ]);
  });

  test.each([
    ["another port of the same site", "localhost"],
    ["another site", "127.0.0.1"],
  ])("a page on %s can neither add a note nor read one, nor sign out", async (_case, host) => {
    await signIn();
    await heading("Notes of alice");
    // The text of this form is JSON, so the notes API would take it.
    const form = `<form method="post" enctype="text/plain" action="${web.url}/api/notes">
      <input name='{"text":"forged","more":"' value='"}'><button>Win</button></form>`;
    const evil = createServer((_request, response) => {
      response.setHeader("content-type", "text/html").end(form);
    });
    await using _closed = { [Symbol.asyncDispose]: () => closeNow(evil) };
    const foreign = await context.newPage();
    await foreign.goto(`http://${host}:${await listenLocally(evil)}`);
    for (const [path, options] of [
      ["/api/notes", {}],
      ["/api/notes", { method: "POST", mode: "no-cors", body: '{"text":"forged"}' }],
      ["/api/session", { method: "DELETE" }],
    ]) {
      const sent = JSON.stringify({ credentials: "include", ...Object(options) });
      const attack = `fetch("${web.url}${path}", ${sent}).then(() => "read", ({ name }) => name)`;
      expect(await foreign.evaluate(attack)).toBe("TypeError");
    }
    const answered = foreign.waitForResponse(`${web.url}/api/notes`);
    await foreign.getByRole("button").click();
    expect((await answered).status()).toBe(403);
    await page.reload();
    await heading("Notes of alice");
    expect(await page.getByText("forged").count()).toBe(0);
  });
});
