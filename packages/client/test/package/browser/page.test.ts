import { canBrowse, startChromium } from "@latchkey/testkit/chromium";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { servePage } from "./page-server.ts";

const signIn = `auth.login(${JSON.stringify({ username: "alice", password: passwords.alice })})`;

describe.skipIf(!canBrowse)("in a page on another origin than the server", () => {
  const running = new AsyncDisposableStack();
  let browser: Browser;
  let origin: string;
  let server: TestServer;
  let context: BrowserContext;
  /** The paths that the pages requested from the server. Preflight requests are not included. */
  let sent: string[];
  beforeAll(async () => {
    ({ browser } = running.use(await startChromium()));
    ({ origin } = running.use(await servePage()));
    server = running.use(await testServer({ CORS_ORIGINS: origin }));
  });
  afterAll(() => running.disposeAsync());
  beforeEach(async () => {
    sent = [];
    context = await browser.newContext();
    context.on("request", (request) => {
      if (request.url().startsWith(server.url)) sent.push(new URL(request.url()).pathname);
    });
  });
  afterEach(() => context.close());

  const open = async (of = server): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${origin}/?server=${encodeURIComponent(of.url)}`);
    return page;
  };

  test("login, token, me, logout", async () => {
    const page = await open();
    expect(await page.evaluate(signIn)).toMatchObject({ username: "alice", roles: ["user", "premium"] });
    expect(await page.evaluate("auth.token()")).toBe(await page.evaluate("kept().accessToken"));
    expect(await page.evaluate("auth.me()")).toMatchObject({ id: "user:alice", email: "alice@example.com" });
    expect(await page.evaluate("auth.logout()")).toEqual({ message: "Successfully logged out" });
    expect(await page.evaluate("kept()")).toBeNull();
    expect(sent).toEqual(["/auth/login", "/auth/me", "/auth/logout"]);
  });

  test("a session survives a reload of the page", async () => {
    const page = await open();
    await page.evaluate(signIn);
    await page.reload();
    expect(await page.evaluate("auth.me()")).toMatchObject({ id: "user:alice" });
  });

  test("errors have their class, the server's code and a request id", async () => {
    const page = await open();
    const refused =
      await page.evaluate(`auth.login({ username: "alice", password: "wrong" }).catch((error) => [
      error instanceof UnauthorizedError, error instanceof APIError, error instanceof RateLimitError,
      error.kind, error.code, error.requestId,
    ])`);
    const named = expect.stringMatching(/./);
    expect(refused).toEqual([true, true, false, "unauthorized", "invalid_credentials", named]);
    const signedOut = "auth.token().catch((error) => [error instanceof SignedOutError, error.kind])";
    expect(await page.evaluate(signedOut)).toEqual([true, "signed_out"]);
  });

  test("a page without permission gets a connection error", async () => {
    await using closed = await testServer({ CORS_ORIGINS: "https://elsewhere.example" });
    const page = await open(closed);
    const refused = `${signIn}.catch((error) => [error instanceof ConnectionError, error.kind])`;
    expect(await page.evaluate(refused)).toEqual([true, "connection"]);
  });

  test("two tabs with an expired token share one refresh", async () => {
    const [one, two] = [await open(), await open()];
    await one.evaluate(signIn);
    const expired = await one.evaluate("kept().accessToken");
    await one.evaluate("hold()");
    await two.evaluate("hold()");
    await one.evaluate("expire()");

    const tokens = Promise.all([one.evaluate("auth.token()"), two.evaluate("auth.token()")]);
    await one.waitForFunction(
      "navigator.locks.query().then(({ held, pending }) => held.length === 1 && pending.length === 1)",
    );
    await one.evaluate("letGo()");
    await two.evaluate("letGo()");

    const [first, second] = await tokens;
    expect(first).toBe(second);
    expect(first).not.toBe(expired);
    expect(sent).toEqual(["/auth/login", "/auth/refresh"]);
    for (const page of [one, two]) {
      expect(await page.evaluate("auth.me()")).toMatchObject({ id: "user:alice" });
      expect(await page.evaluate("ends")).toEqual([]);
    }
  });

  test("a logout in one tab signs the other out", async () => {
    const [one, two] = [await open(), await open()];
    await one.evaluate(signIn);
    expect(await two.evaluate("auth.me()")).toMatchObject({ id: "user:alice" });
    await one.evaluate("auth.logout()");
    expect(await two.evaluate("auth.token().catch((error) => error.kind)")).toBe("signed_out");
    expect(await one.evaluate("ends")).toEqual(["logout"]);
  });

  test("a late refresh does not undo a logout in another tab", async () => {
    const [one, two] = [await open(), await open()];
    await one.evaluate(signIn);
    await one.evaluate("hold()");
    await one.evaluate("expire()");

    const answered = context.waitForEvent("response", (response) => response.url().endsWith("/refresh"));
    const token = one.evaluate("auth.token().catch((error) => error.kind)");
    await answered;
    await two.evaluate("auth.logout()");
    await one.evaluate("letGo()");

    expect(await token).toBe("signed_out");
    expect(await two.evaluate("auth.token().catch((error) => error.kind)")).toBe("signed_out");
    expect(await one.evaluate("kept()")).toBeNull();
  });

  test("if localStorage is full, the session is in memory and stored later", async () => {
    const page = await open();
    await page.evaluate(signIn);
    await page.evaluate("fill()");
    const token = await page.evaluate("auth.token()");
    expect(await page.evaluate("failures")).toEqual([["keep", "QuotaExceededError"]]);
    expect(await page.evaluate("kept().accessToken")).toBe("short");
    expect(await page.evaluate("auth.me()")).toMatchObject({ id: "user:alice" });
    await page.evaluate("makeRoom()");
    await page.waitForFunction("kept().accessToken !== 'short'");
    expect(await page.evaluate("kept().accessToken")).toBe(token);
    expect(await page.evaluate("failures")).toHaveLength(1);
  });

  test("a login succeeds if localStorage is full", async () => {
    const page = await open();
    await page.evaluate(signIn);
    await page.evaluate("fill()");
    await page.evaluate(signIn);
    expect(await page.evaluate("auth.me()")).toMatchObject({ id: "user:alice" });
  });

  test("a tab that is frozen while it refreshes does not stop another", async () => {
    const [one, two] = [await open(), await open()];
    await one.evaluate(signIn);
    await one.evaluate("hold()");
    await one.evaluate("expire()");
    const answered = context.waitForEvent("response", (response) => response.url().endsWith("/refresh"));
    const first = one.evaluate("auth.token()");
    await answered;
    const devtools = await context.newCDPSession(one);
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });

    const second = await two.evaluate(`new AuthClient({
      baseURL: new URLSearchParams(location.search).get("server"),
      store: localStorageStore(),
      timeout: 1_000,
    }).token()`);
    expect(second).toBe(await two.evaluate("kept().accessToken"));
    expect(sent).toEqual(["/auth/login", "/auth/refresh", "/auth/refresh"]);

    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    await one.evaluate("letGo()");
    expect(await first).toBe(second);
    for (const page of [one, two]) {
      expect(await page.evaluate("auth.me()")).toMatchObject({ id: "user:alice" });
      expect(await page.evaluate("ends")).toEqual([]);
    }
  });

  test("in a sandboxed frame without storage the session is in memory", async () => {
    await using open = await testServer({ CORS_ORIGINS: "*" });
    const page = await context.newPage();
    await page.goto(origin);
    const address = `${origin}/?server=${encodeURIComponent(open.url)}`;
    await page.setContent(`<iframe sandbox="allow-scripts" src="${address}"></iframe>`);
    const frame = page.frames().at(-1);
    if (!frame) throw new Error("The page has no frame");
    await frame.waitForFunction("globalThis.auth !== undefined");
    const forbidden = "try { localStorage } catch (error) { error.name }";
    expect(await frame.evaluate(`eval(${JSON.stringify(forbidden)})`)).toBe("SecurityError");
    expect(await frame.evaluate("auth.token().catch((error) => error.kind)")).toBe("signed_out");
    await frame.evaluate(signIn);
    expect(await frame.evaluate("auth.me()")).toMatchObject({ id: "user:alice" });
    expect(await frame.evaluate("failures")).toEqual([["keep", "Error"]]);
    expect(await frame.evaluate("auth.logout()")).toEqual({ message: "Successfully logged out" });
    expect(await frame.evaluate("auth.token().catch((error) => error.kind)")).toBe("signed_out");
  });
});
