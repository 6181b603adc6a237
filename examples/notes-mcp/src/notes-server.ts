import { allow } from "@latchkey/guard";
import { guardTools, type ToolGuard } from "@latchkey/guard/mcp";
import { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Notes } from "./notes.ts";

/** Who may call what. A tool that does not stand here is denied to all. */
const tools = {
  add_note: allow.roles("user", "admin"),
  // Their own notes to everybody, anybody's to an administrator.
  search_notes: allow.any(
    allow.when((principal, { owner }: { owner: string }) => owner === principal.username),
    allow.roles("admin"),
  ),
  purge_notes: allow.roles("admin"),
};

/** The rules, where a call may carry its token, and for which roles a list without a token shows tools. */
export const policy = { tools, tokenField: "token", rolesBeforeToken: ["user"] };

/** A server with three tools, none of which ever sees a token. */
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
      description: "Finds somebody's notes.",
      inputSchema: z.object({ owner: z.string(), word: z.string().default("") }),
    },
    ({ owner, word }) => answer(notes.search(owner, word)),
  );
  server.registerTool("purge_notes", { description: "Removes the notes of all." }, () =>
    answer({ removed: notes.purge() }),
  );
  return bare;
}

function answer(value: unknown) {
  return { content: [{ type: "text" as const, text: JSON.stringify(value) }] };
}
