import { allSettings, fileVariableOf, flagOf, variableOf } from "../config/settings.ts";

const commands = [
  ["serve", "run the server, as `npm start` does"],
  ["demo", "run a server in memory with the users alice/alice123 and admin/admin123"],
  [
    "user add NAME --email ADDRESS [--name TEXT] [--role ROLE …]",
    "add a user; asks for the password, or reads it from standard input",
  ],
  ["user list", "list all users"],
  ["user passwd|disable|enable|remove NAME", "change a user; NAME is a username or an email address"],
  ["session list [NAME]", "list live sessions, of all users or of one"],
  ["session end ID", "end a session"],
  ["key list", "list the signing keys"],
  ["key rotate [--force]", "sign with the next key; --force does so while caches may still lack it"],
  ["database check", "show engine, size, version and rows of the database, and its faults"],
  ["database backup FILE", "copy a SQLite database, also of a running server, with mode 0600"],
  [
    "database prune --keep DURATION",
    "delete audit events older than DURATION, such as 7d; works on a full volume",
  ],
] as const;

/** The text of `latchkey --help`, generated from the table of settings. */
export function help(): string {
  return [
    "latchkey: sign-in for APIs and MCP servers",
    "",
    "Commands:",
    ...commands.map(([command, meaning]) => `  latchkey ${command}\n      ${meaning}`),
    "",
    "Settings, each a variable and a flag. Secrets have no flag:",
    ...allSettings.map(([name, setting]) => {
      const flag = setting.secret ? "" : `, --${flagOf(name)}`;
      const file = fileVariableOf(name, setting);
      const fromFile = file === undefined ? "" : `\n      or ${file}, the path of a file with it`;
      return `  ${variableOf(name)}${flag}\n      ${setting.meaning} (default: ${setting.shown ?? setting.fallback})${fromFile}`;
    }),
    "",
  ].join("\n");
}
