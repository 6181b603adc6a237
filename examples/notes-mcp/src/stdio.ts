import { createGuard } from "@latchkey/guard";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { audit } from "./audit.ts";
import { Notes } from "./notes.ts";
import { notesServer } from "./notes-server.ts";

const issuer = process.env["LATCHKEY_ISSUER"] ?? "http://127.0.0.1:8000";
// Whom a call is made for that carries no token of its own.
const token = process.env["NOTES_TOKEN"];

const guard = createGuard({ issuer });
const notes = new Notes();
const connection = serveStdio(() => notesServer({ guard, token, onDecision: audit }, notes));

function end(): void {
  guard.close();
  void connection.close();
}
for (const event of ["end", "close"]) process.stdin.once(event, end);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
