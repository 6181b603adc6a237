import type { SettingName } from "../config/settings.ts";
import { type Command, command } from "./command.ts";
import { json, limit, name, ofDatabase, yes } from "./command-parts.ts";
import { userImportCommand } from "./user-import-command.ts";

const ofPasswords: readonly SettingName[] = [
  ...ofDatabase,
  "passwordMinLength",
  "hashMemory",
  "hashIterations",
];

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
    },
    settings: ofPasswords,
    example: "user add alice --email alice@example.com --role user --role editor",
    input: typedPassword,
    load: async () => (await import("./user.ts")).addUser,
  }),
  command({
    name: "user list",
    meaning: "list all users",
    options: {
      ...json,
      limit,
      after: { value: "NAME", meaning: "start behind this username" },
    },
    settings: ofDatabase,
    example: "user list --limit 100 --after alice --json",
    load: async () => (await import("./user.ts")).listUsers,
  }),
  command({
    name: "user passwd",
    meaning: "set a password and end the user's sessions",
    argument: name,
    settings: ofPasswords,
    example: "user passwd alice",
    input: typedPassword,
    load: async () => (await import("./user.ts")).changePassword,
  }),
  command({
    name: "user disable",
    meaning: "keep a user out and end their sessions",
    argument: name,
    options: yes,
    settings: ofDatabase,
    example: "user disable alice",
    notes: [lastNote],
    load: async () => (await import("./user.ts")).disableUser,
  }),
  command({
    name: "user enable",
    meaning: "let a disabled user sign in again",
    argument: name,
    settings: ofDatabase,
    example: "user enable alice",
    load: async () => (await import("./user.ts")).enableUser,
  }),
  command({
    name: "user remove",
    meaning: "remove a user and end their sessions",
    argument: name,
    options: yes,
    settings: ofDatabase,
    example: "user remove alice",
    notes: [lastNote],
    load: async () => (await import("./user.ts")).removeUser,
  }),
  userImportCommand,
];
