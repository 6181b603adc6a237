import { canBrowse, startChromium } from "@latchkey/testkit/chromium";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { servePage } from "./page-server.ts";

const signIn = (name: keyof typeof passwords) =>
  `auth.login(${JSON.stringify({ username: name, password: passwords[name] })})`;
const kindOf = (call: string) => `${call}.then(() => "done", ({ kind }) => kind)`;

describe.skipIf(!canBrowse)("tabs that share a store with acrossTabs", () => {
  const running = new AsyncDisposableStack();
  let browser: Browser;
  let origin: string;
  let server: TestServer;
  let context: BrowserContext;
  /** The requests of every page to the server. Preflight requests are not included. */
  let sent: { readonly page: Page; readonly path: string }[];
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
      if (!request.url().startsWith(server.url)) return;
      sent.push({ page: request.frame().page(), path: new URL(request.url()).pathname });
    });
  });
  afterEach(() => context.close());

  const open = async (query = `?tabs&server=${encodeURIComponent(server.url)}`): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${origin}/${query}`);
    return page;
  };
  const requestsOf = (page: Page) => sent.filter((request) => request.page === page).map(({ path }) => path);
  /** Two tabs, both with alice's session. */
  const signedIn = async (): Promise<readonly [one: Page, two: Page]> => {
    const tabs = [await open(), await open()] as const;
    await tabs[0].evaluate(signIn("alice"));
    for (const tab of tabs) await tab.waitForFunction("starts.length === 1");
    return tabs;
  };

  test("a login in one tab reaches the other, which uses the new session", async () => {
    const [one, two] = await signedIn();
    expect(requestsOf(two)).toEqual([]);
    expect(await two.evaluate("auth.token()")).toBe(await one.evaluate("auth.token()"));
    expect(await two.evaluate("auth.me()")).toMatchObject({ username: "alice" });
  });

  test("a store without `storage` events: messages alone reach the other tab", async () => {
    const query = `?tabs=database&server=${encodeURIComponent(server.url)}`;
    const [one, two] = [await open(query), await open(query)];
    await one.evaluate(signIn("alice"));
    await two.waitForFunction("starts.length === 1");
    expect(await two.evaluate("auth.me()")).toMatchObject({ username: "alice" });
    await two.evaluate("auth.logout()");
    await one.waitForFunction("ends.length === 1");
    expect(await one.evaluate("ends")).toEqual(["elsewhere"]);
  });

  test("a logout in one tab ends the session in the other: one event, and no request", async () => {
    const [one, two] = await signedIn();
    await one.evaluate("auth.logout()");
    await two.waitForFunction("ends.length > 0");
    for (const call of ["auth.token()", "auth.fetch('/')", "auth.token()"]) {
      expect(await two.evaluate(kindOf(call))).toBe("signed_out");
    }
    expect(requestsOf(two)).toEqual([]);
    expect(await one.evaluate("ends")).toEqual(["logout"]);
    expect(await two.evaluate("ends")).toEqual(["elsewhere"]);
  });

  test("a login of another user reaches the other tab", async () => {
    const [one, two] = await signedIn();
    await one.evaluate(signIn("bob"));
    await two.waitForFunction("starts.length === 2");
    expect(await two.evaluate("auth.me()")).toMatchObject({ username: "bob" });
    expect(await two.evaluate("ends")).toEqual([]);
  });

  test("a refresh in one tab causes no event in the other", async () => {
    const [one, two] = await signedIn();
    await one.evaluate("expire()");
    const token = await one.evaluate("auth.token()");
    expect(await two.evaluate("auth.token()")).toBe(token);
    expect(await two.evaluate("[starts.length, ends]")).toEqual([1, []]);
  });

  test("no message of the channel has a token", async () => {
    const page = await open();
    await page.evaluate(`
      globalThis.heard = [];
      new BroadcastChannel("latchkey latchkey").onmessage = ({ data }) => heard.push(data);`);
    await page.evaluate(signIn("alice"));
    await page.evaluate("expire()");
    await page.evaluate("auth.token()");
    await page.evaluate("auth.logout()");
    await page.waitForFunction("heard.length === 3");
    expect(await page.evaluate("heard")).toEqual([null, null, null]);
  });

  test("a tab that was frozen in the background learns of the logout when it wakes", async () => {
    const [one, two] = await signedIn();
    const devtools = await context.newCDPSession(two);
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    await one.evaluate("auth.logout()");
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    await two.waitForFunction("ends.length === 1");
    expect(await two.evaluate("ends")).toEqual(["elsewhere"]);
    expect(requestsOf(two)).toEqual([]);
  });

  test.each([["removeItem('latchkey')"], ["clear()"]])(
    "localStorage.%s by hand reaches both",
    async (erase) => {
      const [one, two] = await signedIn();
      await one.evaluate(`localStorage.${erase}`);
      await two.waitForFunction("ends.length === 1");
      for (const tab of [one, two]) {
        expect(await tab.evaluate(kindOf("auth.token()"))).toBe("signed_out");
        expect(await tab.evaluate("ends")).toEqual(["elsewhere"]);
      }
      expect(sent.map(({ path }) => path)).toEqual(["/auth/login"]);
    },
  );

  test.each([
    ["with messages", () => open()],
    ["without messages", () => open(`?server=${encodeURIComponent(server.url)}`)],
  ])(
    "the end of a session on the server, found by both tabs, fires once in each: %s",
    async (_how, start) => {
      const tabs = [await start(), await start()];
      await tabs[0]?.evaluate(signIn("alice"));
      for (const tab of tabs) expect(await tab.evaluate("auth.me()")).toMatchObject({ username: "alice" });
      const authorization = `Bearer ${await tabs[0]?.evaluate("auth.token()")}`;
      await fetch(`${server.url}/auth/logout`, { method: "POST", headers: { authorization } });

      await Promise.all(tabs.map((tab) => tab.evaluate(kindOf("auth.me()"))));
      for (const tab of tabs) expect(await tab.evaluate(kindOf("auth.token()"))).toBe("signed_out");
      const ends = await Promise.all(tabs.map((tab) => tab.evaluate<string[]>("ends")));
      expect(ends.flat().toSorted()).toEqual(["elsewhere", "refused"]);
      expect(ends.map(({ length }) => length)).toEqual([1, 1]);
      expect(sent.filter(({ path }) => path === "/auth/refresh")).toHaveLength(1);
    },
  );

  test("a closed client hears nothing more", async () => {
    const [one, two] = await signedIn();
    await two.evaluate("auth.close()");
    const other = await open();
    await one.evaluate("auth.logout()");
    await other.waitForFunction("ends.length === 1");
    expect(await two.evaluate("ends")).toEqual([]);
  });
});
