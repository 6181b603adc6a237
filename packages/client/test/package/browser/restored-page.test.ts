import { existsSync } from "node:fs";
import { passwords, testServer } from "@latchkey/testkit/server/test-server";
import { chromium } from "playwright-core";
import { describe, expect, test } from "vitest";
import { servePage } from "./page-server.ts";

/** Debian's Chromium. The one from npm is built without the back/forward cache. */
const executablePath = "/usr/bin/chromium";
const signIn = `auth.login(${JSON.stringify({ username: "alice", password: passwords.alice })})`;

describe.skipIf(!existsSync(executablePath))("a page that returns from the back/forward cache", () => {
  test.each(["localStorage", "database"])("learns of a logout and of later logins: %s", async (store) => {
    await using running = new AsyncDisposableStack();
    const { origin } = running.use(await servePage());
    const server = running.use(await testServer({ CORS_ORIGINS: origin }));
    const browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", "--headless=new"],
      ignoreDefaultArgs: ["--headless", "--disable-back-forward-cache"],
    });
    running.defer(() => browser.close());
    const context = await browser.newContext();
    const page = `${origin}/?tabs=${store}&server=${encodeURIComponent(server.url)}`;
    const [one, two] = [await context.newPage(), await context.newPage()];
    for (const tab of [one, two]) await tab.goto(page);
    await one.evaluate(signIn);
    await two.waitForFunction("starts.length === 1");

    await two.evaluate("globalThis.stayed = true");
    await two.goto(`${origin}/client/index.js`);
    await one.evaluate("auth.logout()");
    // A page from the cache fires no `load`.
    await two.goBack({ waitUntil: "commit" });
    await two.waitForFunction("ends.length === 1");
    expect(await two.evaluate("[stayed, ends]")).toEqual([true, ["elsewhere"]]);
    expect(await two.evaluate("auth.token().catch(({ kind }) => kind)")).toBe("signed_out");

    await one.evaluate(signIn);
    await two.waitForFunction("starts.length === 2");
    expect(await two.evaluate("auth.me()")).toMatchObject({ username: "alice" });
  });
});
