import type { Page } from "playwright-core";

/** A text of a page, and the contrast of its colour to the ground behind it (WCAG 2.2, 1.4.3). */
export interface ShownText {
  readonly text: string;
  readonly contrast: number;
}

/** Every visible text of a page with its contrast, as the browser paints it. */
export function shownTexts(page: Page): Promise<ShownText[]> {
  return page.evaluate(`(() => {
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = (colour) => {
      const [red, green, blue] = colour.slice(0, 3).map((channel) => {
        const value = channel / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const groundOf = (element) => {
      for (let at = element; at !== null; at = at.parentElement) {
        const colour = channels(getComputedStyle(at).backgroundColor);
        if (colour[3] === undefined || colour[3] === 1) return colour;
      }
      return [255, 255, 255];
    };
    const ownText = (element) =>
      [...element.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data.trim()).join("");
    return [...document.querySelectorAll("body *")]
      .filter((element) => element.checkVisibility() && (ownText(element) !== "" || element.value))
      .map((element) => {
        const colours = [channels(getComputedStyle(element).color), groundOf(element)];
        const [light, dark] = colours.map(luminance).sort((a, b) => b - a);
        return { text: ownText(element) || element.value, contrast: (light + 0.05) / (dark + 0.05) };
      });
  })()`);
}

/** Texts and controls that reach beyond the width of the window, and the width of the page itself. */
export function overflow(page: Page): Promise<{ width: number; cut: string[] }> {
  return page.evaluate(`({
    width: document.documentElement.scrollWidth,
    cut: [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > innerWidth || element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
      .map(({ tagName, textContent }) => tagName + " " + textContent.slice(0, 40)),
  })`);
}

/** Sets the reader's own text size, like the setting of the browser. @param pixels 16 is the default */
export async function setTextSize(page: Page, pixels: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Page.enable");
  await session.send("Page.setFontSizes", { fontSizes: { standard: pixels, fixed: pixels } });
}
