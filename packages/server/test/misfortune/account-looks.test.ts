import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Language, languages } from "../../src/http/pages/language.ts";
import {
  type AccountPageKind,
  accountPageKinds,
  accountPages,
  accountTour,
  type Tour,
} from "./account-tour.ts";
import { overflow, setTextSize, shownTexts } from "./page-measures.ts";

let tour: Tour;
let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  tour = await accountTour();
});
afterAll(async () => {
  await browser.close();
  await tour[Symbol.asyncDispose]();
});

async function open(kind: AccountPageKind, language: Language, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: language, ...options });
  const page = await context.newPage();
  await accountPages[kind](page, tour);
  return { page, [Symbol.asyncDispose]: () => context.close() };
}

/** All links and controls are at least 24 pixels wide and high (WCAG 2.2, 2.5.8). */
async function expectLargeTargets(page: Page): Promise<void> {
  for (const target of await page.locator("a, button, input:visible").all()) {
    const { width = 0, height = 0 } = (await target.boundingBox()) ?? {};
    expect(Math.min(width, height), `target ${await target.textContent()}`).toBeGreaterThanOrEqual(24);
  }
}

/** Every field has a label, every described field its description, and every id is there once. */
async function expectNamedParts(page: Page): Promise<void> {
  expect(await page.locator("input:visible").count()).toBe(await page.locator("form label").count());
  const described = page.locator("[aria-describedby]");
  for (const field of await described.all()) {
    for (const id of ((await field.getAttribute("aria-describedby")) ?? "").split(" "))
      expect(await page.locator(`#${id}`).count()).toBe(1);
  }
  expect(await page.locator("h1").count()).toBe(1);
}

const phone = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true };
const everyLanguage = Object.keys(languages).filter((name): name is Language => name in languages);

describe.each(accountPageKinds)("the account page %s", (kind) => {
  test.each(everyLanguage)(
    "in %s fits 320 pixels, and is a column in the middle of 1280",
    async (language) => {
      await using opened = await open(kind, language, phone);
      const { page } = opened;
      expect(await overflow(page)).toEqual({ width: 320, cut: [] });
      expect(await page.locator("html").getAttribute("lang")).toBe(language);
      await expectLargeTargets(page);
      await expectNamedParts(page);
      await page.setViewportSize({ width: 1280, height: 800 });
      expect(await overflow(page)).toEqual({ width: 1280, cut: [] });
      const { x = -1, width = 0 } = (await page.locator("main").boundingBox()) ?? {};
      expect(width).toBeLessThanOrEqual(80 * 8);
      expect(Math.abs(x + width / 2 - 640)).toBeLessThanOrEqual(1);
    },
  );

  test("has a contrast of 4.5:1 in both schemes, and room for text twice as big", async () => {
    await using opened = await open(kind, "de", { viewport: { width: 640, height: 800 } });
    const { page } = opened;
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const shown = await shownTexts(page);
      expect(shown.length).toBeGreaterThanOrEqual(3);
      expect(shown.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
    }
    await setTextSize(page, 32);
    expect(await page.evaluate("getComputedStyle(document.body).fontSize")).toBe("32px");
    expect(await overflow(page)).toEqual({ width: 640, cut: [] });
  });
});

describe("a form with faults", () => {
  test("has the cursor in the first one, in view with its reason on a phone", async () => {
    await using opened = await open("password-weak", "en", phone);
    const [field, reason] = [opened.page.locator("#new_password"), opened.page.locator(".field-error")];
    expect(await field.evaluate((it) => it === it.ownerDocument.activeElement)).toBe(true);
    const { y = -1 } = (await reason.boundingBox()) ?? {};
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y).toBeLessThanOrEqual(640);
  });

  test("lists several faults with links to their fields", async () => {
    await using opened = await open("join-refused", "en");
    const { page } = opened;
    const links = page.getByRole("alert").getByRole("link");
    expect(await links.allTextContents()).toEqual([
      "A user name has at most 128 characters, without blanks and without @.",
      "The two new passwords are not the same.",
    ]);
    await links.last().click();
    expect(new URL(page.url()).hash).toBe("#new_password_again");
    expect(await page.title()).toBe("Error: Create your account");
  });

  test("shows the focus of the keyboard on each control, in the order of reading", async () => {
    await using opened = await open("password", "en");
    const { page } = opened;
    const seen: unknown[] = [];
    for (let press = 0; press < 6; press++) {
      await page.keyboard.press("Tab");
      seen.push(await page.evaluate("document.activeElement.id || document.activeElement.textContent"));
      expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    }
    expect(seen).toEqual([
      ...["current_password", "new_password", "new_password_again", "end_others"],
      ...["Change password", "Back to your account"],
    ]);
  });
});
