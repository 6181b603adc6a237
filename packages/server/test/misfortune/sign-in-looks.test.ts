import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { html } from "hono/html";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { languages } from "../../src/http/pages/language.ts";
import { FakeRealm } from "../identity/fake-realm.ts";
import { overflow, setTextSize, shownTexts } from "./page-measures.ts";
import { register } from "./sign-in-world.ts";

const place = new Place();
let server: ServerProcess;
/** A server that sends people to a realm, and the realm. */
let brokering: TestServer;
let realm: FakeRealm;
let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  server = await place.server({ command: "demo", env: { LATCHKEY_ISSUER: "" } });
  realm = await FakeRealm.start();
  brokering = await testServer({ ...realm.settings, OAUTH: "on" });
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  await brokering[Symbol.asyncDispose]();
  await realm[Symbol.asyncDispose]();
});

const texts = (language: keyof typeof languages) => languages[language].signIn;

/** Opens a client's sign-in page. @param more parameters of its request */
async function signIn(
  page: Page,
  redirectUri: string,
  more: Readonly<Record<string, string>> = {},
  at = server.url,
) {
  const { address } = await register(at, redirectUri, more);
  await page.goto(address);
}

/** Opens the sign-in page of the server that asks a realm. */
function signInAtRealm(page: Page): Promise<void> {
  // Unlike a demo, this server has no tools of its own to allow.
  const more = { resource: "http://127.0.0.1:9/mcp" };
  return signIn(page, "http://127.0.0.1:33418/callback", more, brokering.url);
}

/** Takes the refresh out of the answers of the sign-in page, so that the browser stays. */
async function stayOn(page: Page): Promise<void> {
  await page.route(`${brokering.url}/oauth/authorize**`, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/<meta http-equiv="refresh"[^>]*>/, "");
    await route.fulfill({ response, body });
  });
}

/** The text that leads to the realm. */
const continueTo = (language: keyof typeof languages) =>
  String(languages[language].provider.continueTo(html`fake`));

async function send(page: Page, language: keyof typeof languages, password: string): Promise<void> {
  await page.getByLabel(texts(language).username).fill("alice");
  await page.getByLabel(texts(language).password, { exact: true }).fill(password);
  await page.getByRole("button", { name: texts(language).allow }).click();
}

/** Every kind of page, and the way to it. */
const pages = {
  "sign-in": (page) => signIn(page, "http://127.0.0.1:33418/callback"),
  async error(page, language) {
    await signIn(page, "https://client.example/callback");
    await send(page, language, "wrong");
    await page.getByRole("alert").waitFor();
  },
  async onward(page, language) {
    await signIn(page, "cursor://anysphere.cursor-mcp/oauth/callback");
    await send(page, language, "alice123");
    await page.getByRole("link").waitFor();
  },
  refusal: (page) => page.goto(`${server.url}/oauth/authorize?client_id=none`),
  "way back": (page) => signIn(page, "https://client.example/callback", { prompt: "none" }),
  async "sign-in with a realm"(page, language) {
    await signInAtRealm(page);
    await page.getByRole("button", { name: continueTo(language) }).waitFor();
    expect(await page.locator("input:visible").count()).toBe(0);
  },
  async provider(page, language) {
    await stayOn(page);
    await signInAtRealm(page);
    await page.getByRole("button", { name: continueTo(language) }).click();
    await page.getByRole("link", { name: continueTo(language) }).waitFor();
    expect(new URL(page.url()).origin).toBe(brokering.url);
  },
  async "stale sign-in"(page, language) {
    await page.goto(`${brokering.url}/oauth/callback?state=of-another-browser`);
    const { title } = languages[language].refusals.staleSignIn;
    await page.getByRole("heading", { name: title }).waitFor();
  },
} as const satisfies Record<string, (page: Page, language: keyof typeof languages) => Promise<unknown>>;

async function open(
  kind: keyof typeof pages,
  language: keyof typeof languages,
  options: BrowserContextOptions = {},
) {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: language, ...options });
  const page = await context.newPage();
  await pages[kind](page, language);
  return { page, [Symbol.asyncDispose]: () => context.close() };
}

/** All links and controls are at least 24 pixels high (WCAG 2.2, 2.5.8). */
async function expectHighTargets(page: Page): Promise<void> {
  for (const target of await page.locator("a, button, input:visible").all()) {
    expect((await target.boundingBox())?.height).toBeGreaterThanOrEqual(24);
  }
}

const phone = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true };
const kinds = Object.keys(pages).filter((name): name is keyof typeof pages => name in pages);
const everyLanguage = Object.keys(languages).filter(
  (name): name is keyof typeof languages => name in languages,
);

describe.each(kinds)("the page %s", (kind) => {
  test.each(everyLanguage)("in %s fits 320 pixels, and names its language", async (language) => {
    await using opened = await open(kind, language, phone);
    expect(await overflow(opened.page)).toEqual({ width: 320, cut: [] });
    expect(await opened.page.locator("html").getAttribute("lang")).toBe(language);
    await expectHighTargets(opened.page);
  });

  test.each(everyLanguage)("in %s is a column in the middle of 1280 pixels", async (language) => {
    await using opened = await open(kind, language, { viewport: { width: 1280, height: 800 } });
    expect(await overflow(opened.page)).toEqual({ width: 1280, cut: [] });
    const { x = -1, width = 0 } = (await opened.page.locator("main").boundingBox()) ?? {};
    // Lines of at most 80 characters (WCAG 2.2, 1.4.8): a character of this font is half as wide as its size.
    expect(width).toBeLessThanOrEqual(80 * 8);
    expect(Math.abs(x + width / 2 - 640)).toBeLessThanOrEqual(1);
    await expectHighTargets(opened.page);
  });

  test("fits a text of twice the size", async () => {
    await using opened = await open(kind, "de", { viewport: { width: 640, height: 800 } });
    await setTextSize(opened.page, 32);
    expect(await opened.page.evaluate("getComputedStyle(document.body).fontSize")).toBe("32px");
    expect(await overflow(opened.page)).toEqual({ width: 640, cut: [] });
  });

  test.each(["light", "dark"] as const)("has a contrast of 4.5:1 in the %s scheme", async (colorScheme) => {
    await using opened = await open(kind, "en", { colorScheme });
    const shown = await shownTexts(opened.page);
    expect(shown.length).toBeGreaterThanOrEqual(4);
    expect(shown.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
    const ground = await opened.page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(ground).toBe(colorScheme === "dark" ? "rgb(13, 17, 23)" : "rgb(246, 248, 250)");
  });
});

describe("the sign-in page", () => {
  test("shows the focus of the keyboard on each control, in the order of reading", async () => {
    await using opened = await open("sign-in", "en");
    const { page } = opened;
    const seen: unknown[] = [];
    for (let press = 0; press < 4; press++) {
      await page.keyboard.press("Tab");
      seen.push(await page.evaluate("document.activeElement.id || document.activeElement.textContent"));
      expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    }
    expect(seen).toEqual(["username", "password", "Sign in and allow", "Refuse"]);
  });

  test("shows the cursor and the error together on a phone", async () => {
    await using opened = await open("error", "en", phone);
    const [alert, field] = [opened.page.getByRole("alert"), opened.page.locator("#password")];
    expect(await field.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    for (const part of [alert, field]) {
      const { y = -1, height = 0 } = (await part.boundingBox()) ?? {};
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y + height).toBeLessThanOrEqual(640);
    }
  });

  test("lets a text be pasted into the password field", async () => {
    await using opened = await open("sign-in", "en", { permissions: ["clipboard-read", "clipboard-write"] });
    const { page } = opened;
    await page.getByLabel("User name").fill("from a password manager");
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Control+C");
    await page.getByLabel("Password").focus();
    await page.keyboard.press("Control+V");
    expect(await page.getByLabel("Password").inputValue()).toBe("from a password manager");
  });
});
