import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { receiver, register } from "./sign-in-world.ts";

const place = new Place();
let server: ServerProcess;
let browser: Browser;
let web: Awaited<ReturnType<typeof receiver>>;
let hopping: Awaited<ReturnType<typeof receiver>>;

beforeAll(async () => {
  web = await receiver({ tls: true });
  hopping = await receiver({ tls: true, onward: "cursor://anysphere.cursor-mcp/oauth/callback?code=1" });
  const rules = [
    `MAP client.example:443 127.0.0.1:${web.port}`,
    `MAP hopping.example:443 127.0.0.1:${hopping.port}`,
    "MAP *.example 127.0.0.1",
  ];
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", `--host-resolver-rules=${rules.join(",")}`],
  });
  server = await place.server({ command: "demo", env: { LATCHKEY_ISSUER: "" } });
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  await web[Symbol.asyncDispose]();
  await hopping[Symbol.asyncDispose]();
});

/** A page without JavaScript, the lines of the browser about it, and the addresses of applications that it opens. */
async function open(address: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  const lines: string[] = [];
  page.on("console", (line) => lines.push(line.text()));
  const applications: string[] = [];
  page.on("request", (request) => {
    if (request.url().startsWith("cursor:")) applications.push(request.url());
  });
  await page.goto(address);
  return { page, lines, applications, [Symbol.asyncDispose]: () => context.close() };
}

async function fillIn(page: Page, password = "alice123"): Promise<void> {
  await page.getByLabel("User name or e-mail address").fill("alice");
  await page.getByLabel("Password").fill(password);
}

const allow = (page: Page) => page.getByRole("button", { name: "Sign in and allow" });
const deny = (page: Page) => page.getByRole("button", { name: "Refuse" });

/** The number of audit events with this name. */
const events = (name: string) =>
  server
    .stdout()
    .split("\n")
    .filter((line) => line.includes(`"${name}"`)).length;

describe("a person without JavaScript", () => {
  test("signs in, and the program on this device gets a code that works once", async () => {
    await using program = await receiver();
    const client = await register(server.url, `http://127.0.0.1:${program.port}/callback`);
    await using opened = await open(client.address);
    await fillIn(opened.page);
    await allow(opened.page).click();
    const response = await program.response();
    expect([response.get("state"), response.get("iss")]).toEqual(["a state", server.url]);
    expect(program.requests[0]?.headers.referer).toBeUndefined();
    await until("the program's page is shown", async () => (await opened.page.title()) === "Arrived");
    const code = response.get("code") ?? "";
    expect(await client.redeem(code)).toMatchObject({ status: 200, body: { token_type: "Bearer" } });
    expect(await client.redeem(code)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect(server.stdout()).not.toContain(code);
    expect(opened.lines).toEqual([]);
  });

  test("corrects a wrong password on the same page", async () => {
    await using program = await receiver();
    const { address } = await register(server.url, `http://localhost:${program.port}/callback`);
    await using opened = await open(address);
    const { page } = opened;
    await fillIn(page, "wrong");
    await allow(page).click();
    const alert = page.getByRole("alert");
    expect(await alert.textContent()).toBe("The user name or the password is wrong.");
    expect(await page.title()).toMatch(/^Error: Sign in to 127\.0\.0\.1/);
    expect(page.url()).toBe(address);
    expect(await page.getByLabel("User name").inputValue()).toBe("alice");
    expect(await page.getByLabel("Password").inputValue()).toBe("");
    // The cursor is in the password field.
    await page.keyboard.type("alice123");
    await page.keyboard.press("Enter");
    expect((await program.response()).get("code")).toMatch(/./);
  });

  test("refuses, and the program gets access_denied", async () => {
    await using program = await receiver();
    const { address } = await register(server.url, `http://127.0.0.1:${program.port}/callback`);
    const denied = events("authorization.denied");
    await using opened = await open(address);
    // The fields stay empty.
    await deny(opened.page).click();
    expect((await program.response()).get("error")).toBe("access_denied");
    await until("it is audited", () => events("authorization.denied") === denied + 1);
  });

  test("reaches a web address, which gets no Referer", async () => {
    const { address } = await register(server.url, "https://client.example/callback");
    await using opened = await open(address);
    await fillIn(opened.page);
    await allow(opened.page).click();
    expect((await web.response()).get("code")).toMatch(/./);
    expect(web.requests[0]?.headers.referer).toBeUndefined();
  });

  test("reaches an application through the scheme to which a web address hops", async () => {
    const { address } = await register(server.url, "https://hopping.example/callback");
    await using opened = await open(address);
    await fillIn(opened.page);
    await allow(opened.page).click();
    expect((await hopping.response()).get("code")).toMatch(/./);
    await until("the browser opens the application", () => opened.applications.length > 0, 20_000);
    expect(opened.applications).toEqual(["cursor://anysphere.cursor-mcp/oauth/callback?code=1"]);
    expect(opened.lines).toEqual([]);
  });

  test("reaches an application through its own scheme", async () => {
    const { address } = await register(server.url, "cursor://anysphere.cursor-mcp/oauth/callback");
    await using opened = await open(address);
    await fillIn(opened.page);
    await allow(opened.page).click();
    await until("the browser opens the application", () => opened.applications.length > 0, 20_000);
    expect(opened.applications[0]).toMatch(/^cursor:\/\/anysphere\.cursor-mcp\/oauth\/callback\?code=lka_/);
    expect(opened.lines).toEqual([]);
    // The page stays, with a link to press again.
    const link = opened.page.getByRole("link", { name: "Continue to Notes for the terminal" });
    expect(await link.getAttribute("href")).toBe(opened.applications[0]);
  });

  test("uses the keyboard alone", async () => {
    await using program = await receiver();
    const { address } = await register(server.url, `http://127.0.0.1:${program.port}/callback`);
    await using opened = await open(address);
    const { keyboard } = opened.page;
    await keyboard.press("Tab");
    await keyboard.type("alice");
    await keyboard.press("Tab");
    await keyboard.type("alice123");
    await keyboard.press("Enter");
    expect((await program.response()).get("code")).toMatch(/./);
  });

  test("refuses with the keyboard alone", async () => {
    await using program = await receiver();
    const { address } = await register(server.url, `http://127.0.0.1:${program.port}/callback`);
    await using opened = await open(address);
    for (let press = 0; press < 4; press++) await opened.page.keyboard.press("Tab");
    await opened.page.keyboard.press("Space");
    expect((await program.response()).get("error")).toBe("access_denied");
  });

  test("presses twice, and the last code works", async () => {
    await using program = await receiver();
    const client = await register(server.url, `http://127.0.0.1:${program.port}/callback`);
    await using opened = await open(client.address);
    await fillIn(opened.page);
    await allow(opened.page).dblclick();
    await program.response();
    await until("the page is shown", async () => (await opened.page.title()) === "Arrived", 20_000);
    const last = new URL(program.requests.at(-1)?.url ?? "", "http://a").searchParams.get("code") ?? "";
    expect(await client.redeem(last)).toMatchObject({ status: 200 });
  });

  test("goes back after the sign-in, and no password and no code is shown again", async () => {
    await using program = await receiver();
    const { address } = await register(server.url, `http://127.0.0.1:${program.port}/callback`);
    const granted = events("authorization.granted");
    await using opened = await open(address);
    await fillIn(opened.page);
    await allow(opened.page).click();
    await until("the page is shown", async () => (await opened.page.title()) === "Arrived", 20_000);
    await opened.page.goBack();
    expect(await opened.page.content()).not.toMatch(/alice123|code=lka_/);
    expect(events("authorization.granted")).toBe(granted + 1);
    expect(program.requests).toHaveLength(1);
  });
});

describe("a page of another site", () => {
  const evil = "http://evil.example:8080/page";

  async function foreignPage(html: string) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route(evil, (route) => route.fulfill({ contentType: "text/html", body: html }));
    await page.goto(evil);
    return { page, [Symbol.asyncDispose]: () => context.close() };
  }

  test("cannot send the form, even with the right password", async () => {
    const { address } = await register(server.url, "http://127.0.0.1/callback");
    const granted = events("authorization.granted");
    const fields = { decision: "allow", username: "alice", password: "alice123" };
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
    const action = address.replaceAll("&", "&amp;");
    await using foreign = await foreignPage(
      `<form method="post" action="${action}">${inputs.join("")}<button>Win</button></form>`,
    );
    const answer = foreign.page.waitForResponse((response) => response.url() === address);
    await foreign.page.getByRole("button").click();
    expect((await answer).status()).toBe(403);
    expect(await foreign.page.textContent("h1")).toBe("This form came from another site");
    expect(events("authorization.granted")).toBe(granted);
    // The way out of the page is the sign-in page, by GET.
    await foreign.page.getByRole("link", { name: "Try again" }).click();
    expect(await foreign.page.title()).toMatch(/^Sign in to/);
  });

  test("cannot frame the page", async () => {
    const { address } = await register(server.url, "http://127.0.0.1/callback");
    await using foreign = await foreignPage(`<iframe src="${address.replaceAll("&", "&amp;")}"></iframe>`);
    await until("the frame is refused", () =>
      foreign.page.frames().some((frame) => frame.url().startsWith("chrome-error:")),
    );
    expect(await foreign.page.frameLocator("iframe").locator("form").count()).toBe(0);
  });

  test("cannot read the page", async () => {
    const { address } = await register(server.url, "http://127.0.0.1/callback");
    await using foreign = await foreignPage("<title>A page</title>");
    await foreign.page.unrouteAll();
    const read = `fetch(${JSON.stringify(address)}).then(() => "read", ({ name }) => name)`;
    expect(await foreign.page.evaluate(read)).toBe("TypeError");
  });
});
