import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeBlocks } from "@latchkey/testkit/code-blocks";
import { connect } from "@latchkey/testkit/mcp/notes-clients";
import { Programs } from "@latchkey/testkit/programs";
import { signIn } from "@latchkey/testkit/server/auth-calls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { signInByOAuth } from "./oauth-client.ts";

const page = join(import.meta.dirname, "../README.md");
const root = join(import.meta.dirname, "../../..");
const recorder = join(import.meta.dirname, "recorded-process.ts");
const programs = new Programs();
const [started = "", typed = ""] = codeBlocks(page, "sh", 2);
const [demo = "", start = ""] = started.trimEnd().split("\n");
const directory = mkdtempSync(join(tmpdir(), "notes-"));
afterAll(() => rmSync(directory, { recursive: true }));

let login: string;
let url: string;

/** Replaces the printed addresses and paths with those of the test. */
const here = (text: string) =>
  text
    .replaceAll("http://127.0.0.1:8000", login)
    .replaceAll("http://127.0.0.1:4001/mcp", url)
    .replaceAll("/path/to/latchkey", root);

beforeAll(async () => {
  login = await programs.shell(demo, { LATCHKEY_PORT: "0" }).says(/"listening at (http:[^"]+)"/);
  url = await programs.shell(start, { PORT: "0", LATCHKEY_ISSUER: login }).says(/notes at (http:\S+\/mcp)/);
}, 120_000);

test("the commands of the README work", async () => {
  const terminal = programs.shell(here(typed));
  expect(await terminal.finish()).toEqual({ status: 0, signal: null });
  expect(terminal.stderr()).toBe("");
  const [list, added, denied] = [...terminal.stdout().matchAll(/^data: (.*)$/gm)].map(
    ([, message = ""]) => JSON.parse(message).result,
  );
  expect(list).toMatchObject({ tools: [{ name: "add_note" }, { name: "search_notes" }] });
  expect(JSON.parse(added.content[0].text)).toMatchObject({ owner: "alice", text: "buy milk" });
  expect(denied).toMatchObject({ isError: true, _meta: { "latchkey/code": "forbidden" } });
});

describe("a client with the configuration of the README", () => {
  const [signInJson = "", json = ""] = codeBlocks(page, "json", 2);
  const text = z.string();
  const http = z.strictObject({ type: z.literal("http"), url: text });
  const signInConfiguration = z.strictObject({ mcpServers: z.strictObject({ notes: http }) });
  const configuration = z.strictObject({
    mcpServers: z.strictObject({
      "notes-with-a-header": http.extend({ headers: z.record(text, text) }),
      "notes-over-stdio": z.strictObject({ command: text, args: z.array(text), env: z.record(text, text) }),
    }),
  });

  async function configured() {
    const { access } = await signIn(login, "alice", "alice123");
    return configuration.parse(JSON.parse(here(json).replaceAll("eyJ…", access))).mcpServers;
  }

  test.each(["127.0.0.1", "localhost"])("signs in by OAuth, at %s", async (host) => {
    const { notes } = signInConfiguration.parse(JSON.parse(here(signInJson))).mcpServers;
    const address = notes.url.replace("127.0.0.1", host);
    const { client, opened } = await signInByOAuth(address, { username: "alice", password: "alice123" });
    expect(opened.map(({ origin, pathname }) => origin + pathname)).toEqual([`${login}/oauth/authorize`]);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["add_note", "search_notes"]);
    const { content } = await client.callTool({ name: "add_note", arguments: { text: "by OAuth" } });
    expect(content).toMatchObject([{ type: "text", text: expect.stringContaining('"owner":"alice"') }]);
    await client.close();
  });

  test("starts its own server over stdio", async () => {
    const { command, args, env } = (await configured())["notes-over-stdio"];
    const record = join(directory, "stdout");
    const recorded = { args: [recorder, record, command, ...args], env: { ...env, LATCHKEY_ISSUER: login } };
    await using client = await connect(2, recorded);
    const { content } = await client.call("add_note", { text: "over stdio" });
    expect(JSON.parse(content[0]?.text ?? "")).toMatchObject({ owner: "alice", text: "over stdio" });
    expect(readFileSync(record, "utf8")).toContain("over stdio");
  });

  test("calls the listening server", async () => {
    await using client = await connect(2, (await configured())["notes-with-a-header"]);
    const { content } = await client.call("add_note", { text: "over HTTP" });
    expect(JSON.parse(content[0]?.text ?? "")).toMatchObject({ owner: "alice", text: "over HTTP" });
  });
});
