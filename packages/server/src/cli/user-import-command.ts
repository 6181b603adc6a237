import { type Command, command } from "./command.ts";
import { ofDatabase } from "./command-parts.ts";
import { importSources } from "./import/sources.ts";

/** `latchkey user import`. */
export const userImportCommand: Command = command({
  name: "user import",
  meaning: "import users of another system, with hashes",
  argument: { name: "FILE", meaning: "JSON lines, a JSON list or CSV" },
  options: {
    from: { value: "PRODUCT", meaning: `whose export it is: ${importSources.join(", ")}` },
    passwords: { value: "FILE", meaning: "second file with the hashes, of auth0 or better-auth" },
    "hash-config": { value: "FILE", meaning: "password hash parameters of a Firebase project" },
    role: { value: "ROLE", meaning: "a role of users without one; user if none is given", many: true },
    "dry-run": { meaning: "check all rows and change nothing" },
  },
  settings: ofDatabase,
  example: "user import users.jsonl --dry-run",
  notes: [
    "A second run skips the users that are there. A row that fails stops none of the others.",
    "docs/migrate.md names the fields, the exports and the hashes.",
  ],
  load: async () => (await import("./user-import.ts")).importCommand,
});
