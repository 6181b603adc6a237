import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const place = new Place();
let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  server = await place.server({ command: "demo", env: { LATCHKEY_ISSUER: "" } });
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** A page of the server, and the complaints of the browser about it: script errors and violations of its policy. */
async function open(path: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (line) => {
    if (line.type() === "error" || line.type() === "warning") complaints.push(line.text());
  });
  page.on("pageerror", ({ message }) => complaints.push(message));
  await page.goto(`${server.url}${path}`);
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

const phone = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true };
const backgroundOf = (page: Page) => page.evaluate("getComputedStyle(document.body).backgroundColor");
const widthOf = (page: Page) => page.evaluate("document.documentElement.scrollWidth");

describe("the page at /", () => {
  test.each([{}, { javaScriptEnabled: false }])("works with %j and breaks no policy", async (options) => {
    await using opened = await open("/", options);
    const { page, complaints } = opened;
    expect(await page.title()).toBe("Latchkey");
    await page.getByRole("link", { name: "Health" }).click();
    expect(await page.textContent("body")).toContain('{"status":"ready"}');
    await page.goBack();
    await page.getByRole("link", { name: "API documentation" }).click();
    expect(page.url()).toBe(`${server.url}/docs/`);
    expect(complaints).toEqual([]);
  });

  test("follows the colour scheme", async () => {
    const seen = new Set<unknown>();
    for (const colorScheme of ["light", "dark"] as const) {
      await using opened = await open("/", { colorScheme });
      seen.add(await backgroundOf(opened.page));
    }
    expect([...seen]).toEqual(["rgb(246, 248, 250)", "rgb(13, 17, 23)"]);
  });

  test("fits a width of 320 pixels, with targets of 24 pixels and more", async () => {
    await using opened = await open("/", phone);
    expect(await widthOf(opened.page)).toBe(320);
    for (const link of await opened.page.getByRole("link").all()) {
      expect((await link.boundingBox())?.height).toBeGreaterThanOrEqual(24);
    }
  });

  test("shows the focus of the keyboard on each link in turn", async () => {
    await using opened = await open("/");
    const names: unknown[] = [];
    for (let press = 0; press < 4; press++) {
      await opened.page.keyboard.press("Tab");
      names.push(await opened.page.evaluate("document.activeElement.textContent"));
      expect(await opened.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe(
        "solid",
      );
    }
    expect(names).toEqual(["API documentation", "OpenAPI document", "Health", "Guide"]);
  });
});

describe("/docs", () => {
  const login = "#operations-Auth-login_auth_login_post";

  test("has its own title, the groups with their meaning, and the MCP tools", async () => {
    await using opened = await open("/docs/");
    const { page, complaints } = opened;
    await page.waitForSelector(login);
    expect(await page.title()).toBe("Latchkey: API documentation");
    const text = (await page.textContent("#swagger-ui")) ?? "";
    expect(text).toContain("is an MCP server over Streamable HTTP");
    expect(text).toContain("A guard follows it");
    expect(complaints).toEqual([]);
  });

  test("shows the answers closed, and opens one with the keyboard", async () => {
    await using opened = await open("/docs/");
    const { page, complaints } = opened;
    await page.click(`${login} .opblock-summary-control`);
    await page.waitForSelector(`${login} .answer`);
    expect(await page.locator(`${login} .answer`).count()).toBe(11);
    expect(await page.locator(`${login} tr.response`).count()).toBe(0);
    const refused = page.getByRole("button", { name: /^401/ });
    expect(await refused.getAttribute("aria-expanded")).toBe("false");
    await refused.press("Enter");
    expect(await refused.getAttribute("aria-expanded")).toBe("true");
    expect(await page.textContent(`${login} tr.response`)).toContain("invalid_credentials");
    await refused.press("Enter");
    expect(await page.locator(`${login} tr.response`).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("tries an operation, and shows its answer open", async () => {
    await using opened = await open("/docs/");
    const { page, complaints } = opened;
    await page.click(`${login} .opblock-summary-control`);
    await page.click(`${login} .execute`);
    await page.waitForSelector(`${login} .live-responses-table .response-col_status`);
    const shown = await page.textContent(`${login} .live-responses-table .response`);
    expect(shown).toContain("200");
    expect(shown).toContain("access_token");
    expect(complaints).toEqual([]);
  });

  test("follows the colour scheme, also while the page is open", async () => {
    await using opened = await open("/docs/", { colorScheme: "dark" });
    const { page } = opened;
    expect(await backgroundOf(page)).toBe("rgb(28, 32, 34)");
    await page.emulateMedia({ colorScheme: "light" });
    await until("the page is light", async () => (await backgroundOf(page)) === "rgb(250, 250, 250)");
  });

  test("fits a width of 320 pixels", async () => {
    await using opened = await open("/docs/", phone);
    await opened.page.waitForSelector(login);
    expect(await widthOf(opened.page)).toBe(320);
    const description = opened.page.locator(".opblock-tag small").nth(1);
    expect((await description.boundingBox())?.width).toBeGreaterThan(200);
  });
});
