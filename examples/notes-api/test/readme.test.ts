import { join } from "node:path";
import { codeBlocks } from "@latchkey/testkit/code-blocks";
import { Programs } from "@latchkey/testkit/programs";
import { expect, test } from "vitest";

const programs = new Programs();

test("the commands of the README work", async () => {
  const [block = ""] = codeBlocks(join(import.meta.dirname, "../README.md"), "sh");
  const [demo = "", start = "", ...typed] = block.trimEnd().split("\n");
  const login = await programs.shell(demo, { LATCHKEY_PORT: "0" }).says(/"listening at (http:[^"]+)"/);
  const api = programs.shell(start, { PORT: "0", LATCHKEY_ISSUER: login });
  const notes = await api.says(/notes at (http:\S+)\/notes/);

  const here = typed.map((line) =>
    line.replaceAll("http://127.0.0.1:8000", login).replaceAll("http://127.0.0.1:4000", notes),
  );
  const terminal = programs.shell(here.join("\necho\n"));
  expect(await terminal.finish()).toEqual({ status: 0, signal: null });
  expect(terminal.stderr()).toBe("");
  const [, added = "", listed = "", ...refused] = terminal.stdout().split("\n");
  const note = JSON.parse(added);
  expect(note).toMatchObject({ owner: "user:alice", text: "buy milk" });
  expect(JSON.parse(listed)).toEqual({ notes: [note] });
  expect(refused.join("\n")).toMatch(/^HTTP\/1.1 403 Forbidden\r\n.*"code":"forbidden"/s);
}, 120_000);
