import { createGuard } from "@latchkey/guard";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { Notes } from "./notes.ts";
import { audit, byField, notesServer } from "./notes-server.ts";

const issuer = process.env["LATCHKEY_ISSUER"] ?? "http://127.0.0.1:8000";
// The token of calls without a token of their own.
const token = process.env["NOTES_TOKEN"];

const guard = createGuard({ issuer });
const notes = new Notes();
const connection = serveStdio(() => notesServer({ guard, token, onDecision: audit, ...byField }, notes));

function end(): void {
  guard.close();
  void connection.close();
}
for (const event of ["end", "close"]) process.stdin.once(event, end);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
