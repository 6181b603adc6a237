import { type SettingName, settingNames, settings } from "../config/settings.ts";
import { type Command, command } from "./command.ts";

const yes = { yes: { meaning: "go on without a question" } } as const;
const json = { json: { meaning: "print JSON Lines: one object for each row" } } as const;
const limit = { value: "NUMBER", meaning: "print at most so many rows" } as const;
const name = { name: "NAME", meaning: "username or e-mail address" };
const clientId = { name: "ID", meaning: "id of the client, from `latchkey client list`" };
const ofDatabase: readonly SettingName[] = ["database", "databasePool", "databaseTimeout"];
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
const ofClients: readonly SettingName[] = [...ofDatabase, "sessionIdle", "sessionMax"];
const ofSessions: readonly SettingName[] = [
  ...ofDatabase,
  "sessionIdle",
  "sessionMax",
  "accessTokenTtl",
  "refreshGrace",
  "refreshGraceSameAddress",
  "oauthRefreshGrace",
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
    name: "client add",
    meaning: "add an OAuth client, or a machine",
    argument: { name: "NAME", meaning: "name that people see on the sign-in page" },
    options: {
      redirect: { value: "URI", meaning: "where the browser returns to after the sign-in", many: true },
      secret: { meaning: "make a secret, which is shown once" },
      "public-key": {
        value: "FILE",
        meaning: "public key that checks its assertions: PEM, a JWK or a JWK set",
      },
      "jwks-url": { value: "URL", meaning: "https address of its public keys, read when they are needed" },
      grant: {
        value: "TYPE",
        meaning: "client_credentials: it gets tokens of its own, without a person",
        many: true,
      },
      role: { value: "ROLE", meaning: "a role in those tokens", many: true },
      scope: { value: "SCOPE", meaning: "a scope of those tokens", many: true },
      json: { meaning: "print the id and the secret as one JSON object" },
    },
    settings: ofDatabase,
    example: "client add Notes --redirect http://127.0.0.1/callback",
    notes: [
      "The port of a redirect URI at localhost, 127.0.0.1 or [::1] does not count.",
      "A client without --secret, --public-key or --jwks-url is public: PKCE protects its codes.",
    ],
    load: async () => (await import("./client.ts")).addClient,
  }),
  command({
    name: "client list",
    meaning: "list clients: added, blocked, or with live sessions",
    options: {
      ...json,
      limit,
      after: { value: "ID", meaning: "start behind this client" },
    },
    settings: ofClients,
    example: "client list --json",
    load: async () => (await import("./client.ts")).listClients,
  }),
  command({
    name: "client remove",
    meaning: "remove a client for good and end its sessions",
    argument: clientId,
    options: yes,
    settings: ofClients,
    example: "client remove notes-app-3f9c2a7b10e4",
    notes: ["The command asks before it ends live sessions."],
    load: async () => (await import("./client.ts")).removeClient,
  }),
  command({
    name: "client block",
    meaning: "keep a client out and end its sessions",
    argument: clientId,
    settings: ofDatabase,
    example: "client block https://app.example.com/oauth/client.json",
    load: async () => (await import("./client.ts")).blockClient,
  }),
  command({
    name: "client unblock",
    meaning: "let a blocked client in again",
    argument: clientId,
    settings: ofDatabase,
    example: "client unblock notes-app-3f9c2a7b10e4",
    load: async () => (await import("./client.ts")).unblockClient,
  }),
  command({
    name: "resource add",
    meaning: "let clients get tokens for an API or MCP server",
    argument: { name: "URL", meaning: "its URL, the `aud` of those tokens" },
    options: {
      name: { value: "TEXT", meaning: "name that people see on the sign-in page" },
      scope: { value: "SCOPE", meaning: "a scope that clients may ask for", many: true },
    },
    settings: ofDatabase,
    example: "resource add https://notes.example.com/mcp --scope notes:read",
    notes: ["A repeated call replaces the name and the scopes."],
    load: async () => (await import("./resource.ts")).addResource,
  }),
  command({
    name: "resource list",
    meaning: "list the resources that were added",
    options: json,
    settings: ofDatabase,
    example: "resource list",
    load: async () => (await import("./resource.ts")).listResources,
  }),
  command({
    name: "resource remove",
    meaning: "give out no more tokens for a resource",
    argument: { name: "URL", meaning: "its URL" },
    settings: ofDatabase,
    example: "resource remove https://notes.example.com/mcp",
    load: async () => (await import("./resource.ts")).removeResource,
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
