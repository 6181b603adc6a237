import { settingNames, settings } from "../config/settings.ts";
import { auditCommands } from "./audit-commands.ts";
import { clientCommands } from "./client-commands.ts";
import { type Command, command } from "./command.ts";
import { json, limit, name, ofDatabase, ofMail, ofSessions, yes } from "./command-parts.ts";
import { userCommands } from "./user-commands.ts";

const withFlag = settingNames.filter((setting) => !("secret" in settings[setting]));

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
  ...userCommands,
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
  ...clientCommands,
  ...auditCommands,
  command({
    name: "mail test",
    meaning: "send a mail now, and show the answer to it",
    argument: { name: "ADDRESS", meaning: "e-mail address that gets the mail" },
    settings: ["issuer", "siteName", "siteUrl", ...ofMail],
    example: "mail test alice@example.com",
    notes: ["It needs the mail settings of the server, such as LATCHKEY_SMTP_URL."],
    load: async () => (await import("./mail.ts")).testMail,
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
    name: "breaches build",
    meaning: "make a filter of breached passwords",
    argument: {
      name: "HASHES",
      meaning: "file of SHA-1 hashes, one a line, as of Have I Been Pwned; gzip too",
    },
    options: {
      output: { value: "FILE", meaning: "the filter: two bytes for each password", required: true },
      "at-least": { value: "NUMBER", meaning: "leave out passwords that were seen less often" },
    },
    settings: [],
    example: "breaches build pwnedpasswords.txt --output breaches.filter",
    notes: [
      "LATCHKEY_BREACH_FILTER names the filter. A line of HASHES has 40 hexadecimal digits, and may end with : and a number.",
      "Hashes in ascending order are read twice. In another order they are read once for each 256 MiB of the filter.",
      "Of 1,000 passwords that are not in the filter, one is refused by chance.",
    ],
    load: async () => (await import("./breaches.ts")).buildBreachFilter,
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
