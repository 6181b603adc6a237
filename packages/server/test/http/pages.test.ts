import { html } from "hono/html";
import { describe, expect, test } from "vitest";
import { formField } from "../../src/http/pages/form-field.ts";
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
    expect(String(await message("warning", "Careful"))).toContain('role="note">Careful<');
  });

  test("reports an error in its title, in the reader's language", async () => {
    const content = html`<h1>Passwort</h1>`;
    const page = String(await layout({ language: "de", title: "Passwort", isError: true, content }));
    expect(page).toContain("<title>Fehler: Passwort</title>");
  });

  test("goes on to an address at once, without a script", async () => {
    const onward = "https://a.example/cb?a=1&b='2'";
    const page = String(await layout({ language: "en", title: "On", onward, content: html`` }));
    expect(page).toContain(
      '<meta http-equiv="refresh" content="0;url=https://a.example/cb?a=1&amp;b=&#39;2&#39;">',
    );
  });
});

describe("a field", () => {
  const username = { name: "username", label: "Name", type: "text", autocomplete: "username" } as const;

  test("keeps a text and never a password", async () => {
    expect(String(await formField({ ...username, value: hostile }))).toContain(`value="${escaped}"`);
    const password = formField({ ...username, type: "password", value: "secret" });
    expect(String(await password)).toContain('value=""');
  });

  test("names its error, and a screen reader finds it", async () => {
    const own = String(await formField({ ...username, error: { text: hostile } }));
    expect(own).toContain('aria-invalid="true" aria-describedby="username-error"');
    expect(own).toContain(`<p class="field-error" id="username-error">${escaped}</p>`);
    const shared = String(await formField({ ...username, error: { messageId: "failure" } }));
    expect(shared).toContain('aria-describedby="failure"');
    expect(shared).not.toContain("<p");
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
  const colours = coloursIn(scheme);
  const ratio = (name: string, ground: string) =>
    contrast(colours.get(name) ?? "", colours.get(ground) ?? "");

  test.each([
    ...["text", "quiet", "accent", "bad"].flatMap((name) => [
      [name, "ground"] as const,
      [name, "card"] as const,
    ]),
    ["text", "tint"],
    ["ink", "accent"],
  ] as const)("the colour %s on %s has a contrast of 4.5:1", (name, ground) => {
    expect(ratio(name, ground)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(["edge", "bad", "warn", "accent"])("a line of the colour %s has a contrast of 3:1", (name) => {
    expect(ratio(name, "card")).toBeGreaterThanOrEqual(3);
  });
});
