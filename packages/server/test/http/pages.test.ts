import { html } from "hono/html";
import { describe, expect, test } from "vitest";
import { layout } from "../../src/http/pages/layout.ts";
import { message } from "../../src/http/pages/message.ts";
import { styleSheet } from "../../src/http/pages/style-sheet.ts";

const hostile = `</title><script>alert('1')</script>"&`;
const escaped = "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;";

describe("a page", () => {
  test("escapes its title, a message and a value in an attribute", async () => {
    const content = html`${message("error", hostile)}<a href="?name=${hostile}">${[hostile, hostile]}</a>`;
    const page = String(await layout({ language: "en", title: hostile, content }));
    expect(page).not.toContain("<script");
    expect(page.split(escaped)).toHaveLength(6);
  });

  test("has a language, one main part, and a size that follows the device", async () => {
    const page = String(await layout({ language: "en", title: "A page", content: html`<h1>A page</h1>` }));
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page.match(/<main>/g)).toHaveLength(1);
    expect(page).toContain('content="width=device-width, initial-scale=1"');
  });

  test("interrupts a screen reader for an error alone", async () => {
    expect(String(await message("error", "Wrong password"))).toContain('role="alert">Wrong password<');
    expect(String(await message("notice", "Saved"))).toContain('role="status">Saved<');
  });
});

/** The colours of one scheme of the style sheet, by name. */
function coloursIn(scheme: "light" | "dark"): ReadonlyMap<string, string> {
  const [light = "", dark = ""] = styleSheet.split("@media (prefers-color-scheme: dark)");
  const colours = (scheme === "dark" ? dark : light).matchAll(/--(\w+): (#[\da-f]{3,6});/g);
  return new Map([...colours].map(([, name = "", colour = ""]) => [name, colour]));
}

/** The relative luminance of a colour (WCAG 2.2). */
function luminance(colour: string): number {
  const digits = colour.slice(1).replace(/^(.)(.)(.)$/, "$1$1$2$2$3$3");
  const [red = 0, green = 0, blue = 0] = (digits.match(/../g) ?? []).map((part) => {
    const value = Number.parseInt(part, 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

test("the contrast of black and white is 21", () => expect(contrast("#000", "#ffffff")).toBeCloseTo(21));

describe.each(["light", "dark"] as const)("in the %s scheme", (scheme) => {
  test.each(["text", "quiet", "accent", "bad"])("the colour %s has a contrast of 4.5:1", (name) => {
    const colours = coloursIn(scheme);
    for (const ground of ["ground", "card"]) {
      const ratio = contrast(colours.get(name) ?? "", colours.get(ground) ?? "");
      expect(ratio, `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });
});
