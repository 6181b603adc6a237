import type { SettingName } from "../config/settings.ts";
import { type Command, command } from "./command.ts";
import { json, limit, name, ofDatabase, ofMail, oneJson, yes } from "./command-parts.ts";
import { userImportCommand } from "./user-import-command.ts";

const ofPasswords: readonly SettingName[] = [
  ...ofDatabase,
  "passwordMinLength",
  "passwordRules",
  "breachFilter",
  "breachRangeUrl",
  "breachFailure",
  "hashMemory",
  "hashIterations",
];

/** A reset link is left to the server, so the command has to know that the server sends mails. */
const ofLinks: readonly SettingName[] = [...ofPasswords, ...ofMail, "mailbox"];

const mailNote =
  "A mail needs the mail settings of the server, such as LATCHKEY_SMTP_URL, for this command too.";

const ofSessionLife: readonly SettingName[] = [...ofDatabase, "sessionIdle", "sessionMax"];
const mustChange = {
  "must-change": { meaning: "the next sign-in page asks the user for another password" },
} as const;

const typedPassword =
  "The password is typed on the terminal, or read from standard input. It is never an argument.";

const lastNote = "The command asks before it takes the last active administrator.";

/** The commands about users. */
export const userCommands: readonly Command[] = [
  command({
    name: "user add",
    meaning: "add a user",
    argument: { name: "NAME", meaning: "username of the new user" },
    options: {
      email: { value: "ADDRESS", meaning: "e-mail address", required: true },
      name: { value: "TEXT", meaning: "name to display" },
      role: { value: "ROLE", meaning: "a role; user if none is given", many: true },
      ...mustChange,
      "no-password": {
        meaning: "set a password that nobody knows; if mail is on, send a link to choose one",
      },
    },
    settings: ofLinks,
    example: "user add alice --email alice@example.com --role user --role editor",
    input: typedPassword,
    notes: [mailNote],
    load: async () => (await import("./user.ts")).addUser,
  }),
  command({
    name: "user list",
    meaning: "list users: all, or those that a search finds",
    options: {
      search: { value: "TEXT", meaning: "beginning of a username, an address or a name" },
      role: { value: "ROLE", meaning: "users with this role alone" },
      status: { value: "STATUS", meaning: "active or disabled users alone" },
      verified: { meaning: "users with a verified address alone" },
      unverified: { meaning: "users with an address that is not verified alone" },
      ...json,
      limit,
      after: { value: "NAME", meaning: "start behind this username, or where the page before ended" },
    },
    settings: ofDatabase,
    example: "user list --search ali --role editor --json",
    notes: ["With a search or a filter, --after takes the value that the page before named."],
    load: async () => (await import("./user-listing.ts")).listUsers,
  }),
  command({
    name: "user show",
    meaning: "show a user",
    argument: name,
    options: oneJson,
    settings: ofSessionLife,
    example: "user show alice",
    load: async () => (await import("./user-listing.ts")).showUser,
  }),
  command({
    name: "user set",
    meaning: "change names, address, roles or marks of a user",
    argument: name,
    options: {
      username: { value: "NAME", meaning: "new username; the id stays" },
      email: { value: "ADDRESS", meaning: "new e-mail address, unverified unless --verified is given" },
      name: { value: "TEXT", meaning: "new name to display" },
      "no-name": { meaning: "take the name to display away" },
      role: { value: "ROLE", meaning: "the roles, in place of all others", many: true },
      "add-role": { value: "ROLE", meaning: "one more role", many: true },
      "remove-role": { value: "ROLE", meaning: "a role to take away", many: true },
      verified: { meaning: "the address is verified" },
      unverified: { meaning: "the address is not verified" },
      ...mustChange,
      ...yes,
    },
    settings: ofDatabase,
    example: "user set alice --email alice@example.org --verified --add-role editor",
    notes: ["Sessions go on. New roles and names stand in the tokens of the next refresh.", lastNote],
    load: async () => (await import("./user-set.ts")).setUser,
  }),
  command({
    name: "user passwd",
    meaning: "set a password and end the user's sessions",
    argument: name,
    options: {
      ...mustChange,
      mail: { meaning: "send a link to choose a password; sessions go on until it is used" },
    },
    settings: ofLinks,
    example: "user passwd alice",
    input: typedPassword,
    notes: [mailNote],
    load: async () => (await import("./user.ts")).changePassword,
  }),
  command({
    name: "user unlock",
    meaning: "forget the failed sign-ins of a user",
    argument: name,
    settings: ofDatabase,
    example: "user unlock alice",
    load: async () => (await import("./user-end.ts")).unlockUser,
  }),
  command({
    name: "user disable",
    meaning: "keep a user out and end their sessions",
    argument: name,
    options: yes,
    settings: ofDatabase,
    example: "user disable alice",
    notes: [lastNote],
    load: async () => (await import("./user-end.ts")).disableUser,
  }),
  command({
    name: "user enable",
    meaning: "let a disabled user sign in again",
    argument: name,
    settings: ofDatabase,
    example: "user enable alice",
    load: async () => (await import("./user-end.ts")).enableUser,
  }),
  command({
    name: "user remove",
    meaning: "remove a user and end their sessions",
    argument: name,
    options: yes,
    settings: ofDatabase,
    example: "user remove alice",
    notes: [
      "The id is never given again. The audit trail stays: `user erase` takes the name from it too.",
      lastNote,
    ],
    load: async () => (await import("./user-end.ts")).removeUser,
  }),
  command({
    name: "user erase",
    meaning: "remove a user, and their name from the audit trail",
    argument: { name: "NAME", meaning: "username, e-mail address or id" },
    options: yes,
    settings: ofDatabase,
    example: "user erase alice",
    notes: [
      "A pseudonym replaces the id of the user, and the addresses, in the audit trail. Nothing brings them back.",
      "A user who was removed before is given by the id, such as user:alice.",
      "Without --yes the command always asks.",
    ],
    load: async () => (await import("./user-end.ts")).eraseUser,
  }),
  command({
    name: "user export",
    meaning: "print all that is known of a user, as JSON",
    argument: { name: "NAME", meaning: "username, e-mail address or id" },
    options: { output: { value: "FILE", meaning: "write a new file with mode 0600 instead" } },
    settings: ofDatabase,
    example: "user export alice --output alice.json",
    notes: [
      "Hashes of passwords, codes and tokens are left out. An existing file is never overwritten.",
      "A user who was removed before is given by the id, such as user:alice.",
    ],
    load: async () => (await import("./user-export.ts")).exportUser,
  }),
  userImportCommand,
];
