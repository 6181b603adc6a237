import { flagOf, type Setting, settings } from "../config/settings.ts";

const commands = [
  ["serve", "run the server (what `npm start` does)"],
  ["demo", "run a server in memory with users alice/alice123 and admin/admin123"],
  [
    "user add NAME --email ADDRESS [--name TEXT] [--role ROLE …]",
    "the password is asked for, or read from standard input",
  ],
  ["user list", ""],
  ["user passwd|disable|enable|remove NAME", "NAME is a user name or an e-mail address"],
  ["session list [NAME]", ""],
  ["session end ID", ""],
  ["key list", ""],
  ["key rotate [--force]", "let the next key sign; --force, also while caches may lack it"],
  ["database check", "shows engine, size, version and rows of the database, and its faults"],
  ["database backup FILE", "copies a SQLite database beside a running server, with mode 0600"],
  [
    "database prune --keep DURATION",
    "deletes audit events that are older, such as 7d; works on a full volume",
  ],
] as const;

/** The text of `latchkey --help`, made from the same table that reads the settings. */
export function help(): string {
  const all: Setting<unknown>[] = Object.values(settings);
  return [
    "latchkey: a login for APIs and MCP servers",
    "",
    "Commands:",
    ...commands.map(
      ([command, meaning]) => `  latchkey ${command}${meaning === "" ? "" : `\n      ${meaning}`}`,
    ),
    "",
    "Settings, each a variable and, unless it is a secret, a flag:",
    ...all.map((setting) => {
      const flag = setting.secret ? "" : `, --${flagOf(setting)}`;
      return `  ${setting.variable}${flag}\n      ${setting.meaning} (default: ${setting.shown ?? setting.fallback})`;
    }),
    "",
  ].join("\n");
}
