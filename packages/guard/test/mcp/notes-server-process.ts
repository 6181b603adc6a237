import { readFileSync } from "node:fs";
import { guardFromEnvironment } from "@latchkey/testkit/mcp/issuer";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { Evidence } from "./notes-policy.ts";
import { makeNotes as makeNotesV1 } from "./notes-v1.ts";
import { makeNotes as makeNotesV2 } from "./notes-v2.ts";

// A notes server over stdio, of the major version in its first argument. It writes every value it receives to stderr.
// Its token is in its environment, or in a file that may change while the server runs.
const evidence = new Evidence((line) => process.stderr.write(`${line}\n`));
const policy = {
  guard: await guardFromEnvironment(process.env["TEST_ISSUER"]),
  tokenField: "token",
  onDecision: evidence.decided,
  token: () => {
    const { NOTES_TOKEN, NOTES_TOKEN_FILE } = process.env;
    return NOTES_TOKEN_FILE === undefined ? NOTES_TOKEN : readFileSync(NOTES_TOKEN_FILE, "utf8");
  },
};
if (process.argv[2] === "1") {
  await makeNotesV1(policy, evidence).connect(new StdioServerTransport());
} else {
  serveStdio(() => makeNotesV2(policy, evidence), { onerror: (error) => evidence.note("entry", error) });
}
