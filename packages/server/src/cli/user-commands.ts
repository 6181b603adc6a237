import type { SettingName } from "../config/settings.ts";
import { type Command, command } from "./command.ts";
import { json, limit, name, ofDatabase, yes } from "./command-parts.ts";
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

const ofSessionLife: readonly SettingName[] = [...ofDatabase, "sessionIdle", "sessionMax"];
const mustChange = {
  "must-change": { meaning: "the user has to choose another password at the next sign-in page" },
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
      "no-password": { meaning: "nobody knows the password; with mail, a link to choose one is sent" },
    },
    settings: ofPasswords,
    example: "user add alice --email alice@example.com --role user --role editor",
    input: typedPassword,
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
    options: json,
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
      email: { value: "ADDRESS", meaning: "new e-mail address, which is not verified" },
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
    options: { ...mustChange, mail: { meaning: "send the user a link to choose a password instead" } },
    settings: ofPasswords,
    example: "user passwd alice",
    input: typedPassword,
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
    notes: [lastNote],
    load: async () => (await import("./user-end.ts")).removeUser,
  }),
  command({
    name: "user erase",
    meaning: "remove a user, and their name from the audit trail",
    argument: name,
    options: yes,
    settings: ofDatabase,
    example: "user erase alice",
    notes: [
      "A pseudonym replaces the id of the user, and the addresses, in the audit trail. Nothing brings them back.",
      "The command always asks.",
    ],
    load: async () => (await import("./user-end.ts")).eraseUser,
  }),
  command({
    name: "user export",
    meaning: "print all that is known of a user, as JSON",
    argument: name,
    options: { output: { value: "FILE", meaning: "write a new file with mode 0600 instead" } },
    settings: ofDatabase,
    example: "user export alice --output alice.json",
    notes: ["Hashes of passwords, codes and tokens are left out. An existing file is never overwritten."],
    load: async () => (await import("./user-export.ts")).exportUser,
  }),
  userImportCommand,
];
