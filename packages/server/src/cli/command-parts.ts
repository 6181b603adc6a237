import type { SettingName } from "../config/settings.ts";

// Options, arguments and settings that several commands take.

export const yes = { yes: { meaning: "go on without a question" } } as const;
export const json = { json: { meaning: "print JSON Lines: one object for each row" } } as const;
export const oneJson = { json: { meaning: "print one JSON object" } } as const;
export const limit = { value: "NUMBER", meaning: "print at most so many rows" } as const;
export const name = { name: "NAME", meaning: "username or e-mail address" };
export const ofDatabase: readonly SettingName[] = ["database", "databasePool", "databaseTimeout"];
/** The ways that mails leave the server. Secrets among their settings have no flag. */
export const ofMail: readonly SettingName[] = ["mailFrom", "mailWebhookUrl", "mailLanguage"];
export const ofSessions: readonly SettingName[] = [
  ...ofDatabase,
  "sessionIdle",
  "sessionMax",
  "accessTokenTtl",
  "refreshGrace",
  "refreshGraceSameAddress",
  "oauthRefreshGrace",
];
