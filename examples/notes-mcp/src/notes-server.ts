import { allow } from "@latchkey/guard";
import { guardTools, type ToolDecision, type ToolGuard } from "@latchkey/guard/mcp";
import { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Notes } from "./notes.ts";

/** The rule of each tool. A tool without a rule is denied to everyone. */
const tools = {
  add_note: allow.roles("user", "admin"),
  // Users find their own notes; an administrator finds the notes of all users.
  search_notes: allow.any(
    allow.when((principal, { owner }: { owner: string }) => owner === principal.username),
    allow.roles("admin"),
  ),
  purge_notes: allow.roles("admin"),
};

/** The rules of the tools. */
export const policy = { tools };

/**
 * For clients that cannot sign in by OAuth: each call carries its token as an argument, which the guard removes before
 * a tool runs. A list without a token shows the tools of a user.
 */
export const byField = { tokenField: "token", rolesBeforeToken: ["user"] };

/** A server with three tools. */
export function notesServer(access: ToolGuard, notes: Notes): McpServer {
  const bare = new McpServer({ name: "notes", version: "0.1.0" });
  const server = guardTools(bare, { ...access, ...policy });

  server.registerTool(
    "add_note",
    { description: "Writes a note down.", inputSchema: z.object({ text: z.string().min(1).max(10_000) }) },
    ({ text }, { principal }) => answer(notes.add(principal.username, text)),
  );
  server.registerTool(
    "search_notes",
    {
      description: "Finds a user's notes.",
      inputSchema: z.object({ owner: z.string(), word: z.string().default("") }),
    },
    ({ owner, word }) => answer(notes.search(owner, word)),
  );
  server.registerTool("purge_notes", { description: "Removes the notes of all users." }, () =>
    answer({ removed: notes.purge() }),
  );
  return bare;
}

/** Writes each decision to standard error, because over stdio the protocol uses standard output. */
export function audit(decision: ToolDecision): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...decision })}\n`);
}

function answer(value: unknown) {
  return { content: [{ type: "text" as const, text: JSON.stringify(value) }] };
}
