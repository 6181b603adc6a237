import { parseAccept } from "hono/utils/accept";
import { de } from "./texts/de.ts";
import { en } from "./texts/en.ts";
import { fr } from "./texts/fr.ts";
import type { Texts } from "./texts/texts.ts";

/** All languages of the pages, by their subtag (RFC 5646 §2.2.1). The first one is the default. */
export const languages = { en, de, fr } as const satisfies Record<string, Texts>;

/** A language of the pages. */
export type Language = keyof typeof languages;

/**
 * Chooses the language of a page by lookup (RFC 4647 §3.4): `de-CH` finds German.
 *
 * @param accepted the header `Accept-Language`
 * @param fallback for a reader of no known language. Default: English
 */
export function languageOf(accepted: string | undefined, fallback: Language = "en"): Language {
  for (const { type, q } of parseAccept(accepted ?? "")) {
    const [subtag = ""] = type.toLowerCase().split("-", 1);
    if (q > 0 && isLanguage(subtag)) return subtag;
    if (q > 0 && subtag === "*") break;
  }
  return fallback;
}

function isLanguage(subtag: string): subtag is Language {
  return Object.hasOwn(languages, subtag);
}

/** A waiting time in words, rounded up: `30 seconds`, `3 minutes`. */
export function waitingTime(language: Language, seconds: number): string {
  const [count, unit] = seconds < 90 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}
