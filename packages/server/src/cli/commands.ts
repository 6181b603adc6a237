import { type SettingName, settingNames, settings } from "../config/settings.ts";
import { type Command, command } from "./command.ts";

const yes = { yes: { meaning: "go on without a question" } } as const;
const json = { json: { meaning: "print JSON Lines: one object for each row" } } as const;
const limit = { value: "NUMBER", meaning: "print at most so many rows" } as const;
const name = { name: "NAME", meaning: "username or e-mail address" };
const ofDatabase: readonly SettingName[] = ["database", "databasePool", "databaseTimeout"];
const ofPasswords: readonly SettingName[] = [
  ...ofDatabase,
  "passwordMinLength",
  "hashMemory",
  "hashIterations",
];
const ofSessions: readonly SettingName[] = [
  ...ofDatabase,
  "sessionIdle",
  "sessionMax",
  "accessTokenTtl",
  "refreshGrace",
  "refreshGraceSameAddress",
];
const withFlag = settingNames.filter((setting) => !("secret" in settings[setting]));

const typedPassword =
  "The password is typed on the terminal, or read from standard input. It is never an argument.";

const lastNote = "The command asks before it takes the last active administrator.";

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  command({
    name: "serve",
    meaning: "run the server",
    settings: withFlag,
    example: "serve --host 127.0.0.1 --port 8000",
    load: async () => (await import("./serve.ts")).serveCommand,
  }),
  command({
    name: "demo",
    meaning: "run a server in memory with two well-known users",
    settings: withFlag.filter((setting) => !/^(database|provider|keycloak)/.test(setting)),
    example: "demo --port 8000",
    notes: ["Its users are alice/alice123 and admin/admin123. It listens on this machine only."],
    load: async () => (await import("./demo.ts")).demoCommand,
  }),
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
  command({
    name: "session list",
    meaning: "list live sessions, of all users or of one",
    argument: { ...name, optional: true },
    options: {
      ...json,
      limit,
      after: { value: "ID", meaning: "start behind this session" },
    },
    settings: ofSessions,
    example: "session list alice",
    load: async () => (await import("./session.ts")).listSessions,
  }),
  command({
    name: "session end",
    meaning: "end a session",
    argument: { name: "ID", meaning: "id of the session, from `latchkey session list`" },
    settings: ofDatabase,
    example: "session end b94GMkJ4Arp6oV2GNVQ-_w",
    load: async () => (await import("./session.ts")).endSession,
  }),
  command({
    name: "key list",
    meaning: "list the signing keys",
    options: json,
    settings: ofDatabase,
    example: "key list",
    load: async () => (await import("./key.ts")).listKeys,
  }),
  command({
    name: "key rotate",
    meaning: "sign with the next key",
    options: { force: { meaning: "also while caches may lack the next key" } },
    settings: [...ofDatabase, "accessTokenTtl", "signingAlgorithm"],
    example: "key rotate",
    load: async () => (await import("./key.ts")).rotateKeys,
  }),
  command({
    name: "key reset",
    meaning: "replace all signing keys and end all sessions",
    options: yes,
    settings: [...ofDatabase, "signingAlgorithm"],
    example: "key reset",
    notes: [
      "For a lost secret, or after a theft of database and secret. The new keys are sealed with LATCHKEY_SECRET, or with the secret beside the database, which is made if it is missing.",
      "After a theft, set another LATCHKEY_SECRET first, or delete the file with the secret.",
    ],
    load: async () => (await import("./key.ts")).resetKeys,
  }),
  command({
    name: "database check",
    meaning: "show facts and faults of the database",
    settings: ["database", "databaseTimeout"],
    example: "database check",
    notes: ["Shows engine, size, version and rows. The exit status is 1 if there is a fault."],
    load: async () => (await import("./database.ts")).checkCommand,
  }),
  command({
    name: "database backup",
    meaning: "copy a SQLite database, also of a running server",
    argument: { name: "FILE", meaning: "path of the copy, which gets mode 0600" },
    settings: ["database"],
    example: "database backup copy.db",
    notes: ["An existing file is never overwritten. PostgreSQL has `pg_dump`."],
    load: async () => (await import("./database.ts")).backUp,
  }),
  command({
    name: "database prune",
    meaning: "delete old audit events; works on a full volume",
    options: { keep: { value: "DURATION", meaning: "age of the events to keep", required: true } },
    settings: ofDatabase,
    example: "database prune --keep 7d",
    load: async () => (await import("./database.ts")).prune,
  }),
];
