import { join } from "node:path";
import { codeBlocks } from "@latchkey/testkit/code-blocks";
import { Programs } from "@latchkey/testkit/programs";
import { expect, test } from "vitest";

const programs = new Programs();

test("the commands of the README start all three servers", async () => {
  const [block = ""] = codeBlocks(join(import.meta.dirname, "../README.md"), "sh");
  const [demo = "", api = "", web = "", ...more] = block.trimEnd().split("\n");
  expect(more).toEqual([]);
  const login = await programs.shell(demo, { LATCHKEY_PORT: "0" }).says(/"listening at (http:[^"]+)"/);
  const env = { PORT: "0", LATCHKEY_ISSUER: login };
  const notes = await programs.shell(api, env).says(/notes at (http:\S+)\/notes/);
  const app = programs.shell(web, { ...env, NOTES_API: notes });
  const url = await app.says(/^the web app is at (http:\/\/localhost:\d+), /m);
  expect(await (await fetch(url)).text()).toContain('<div id="page">');
  expect(await (await fetch(`${url}/page.js`)).text()).toContain("Sign in");
}, 120_000);
