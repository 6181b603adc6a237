import type { Language } from "../../pages/language.ts";
import type { AccountTexts } from "./account-texts.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { fr } from "./fr.ts";

/** The texts of the account pages, in every language of the pages. */
export const accountLanguages: Readonly<Record<Language, AccountTexts>> = { en, de, fr };
