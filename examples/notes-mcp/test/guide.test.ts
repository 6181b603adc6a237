import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeBlocks } from "@latchkey/testkit/code-blocks";
import {
  answersOf,
  oneLine,
  type PrintedStep,
  printedPattern,
  printedSteps,
  scriptOf,
} from "@latchkey/testkit/printed-steps";
import { type Program, Programs } from "@latchkey/testkit/programs";
import { freePort } from "@latchkey/testkit/sockets";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const programs = new Programs();
const folder = mkdtempSync(join(tmpdir(), "guide-"));
afterAll(() => rmSync(folder, { recursive: true }));
symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');

const page = join(root, "docs/guide.md");
const steps = printedSteps(page);
const sources = [...readFileSync(page, "utf8").matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```/gms)];

function step(commands: string): PrintedStep {
  const found = steps.find((one) => one.commands.trimEnd().endsWith(commands));
  if (found === undefined) throw new Error(`the guide does not print ${commands}`);
  return found;
}

let demo: Program;
const moved = new Map<string, string>();

/** The text with the ports of this run in place of the printed ones. */
const here = (text: string) => text.replace(/\b(8000|4000|4001)\b/g, (port) => moved.get(port) ?? port);

beforeAll(async () => {
  demo = programs.shell("npm run demo", { LATCHKEY_PORT: "0" });
  moved.set("8000", new URL(await demo.says(/"listening at (http:[^"]+)"/)).port);
  moved.set("4000", String(await freePort()));
  moved.set("4001", String(await freePort()));
}, 120_000);

test("the README's commands work as they are printed", async () => {
  const [, , use = ""] = codeBlocks(join(root, "README.md"), "sh", 4);
  const terminal = programs.shell(here(use));
  expect(await terminal.finish()).toEqual({ status: 0, signal: null });
  expect(terminal.stdout()).toMatch(/^\{"id":"user:alice".*\{"message":"Successfully logged out"\}$/);
}, 120_000);

test("the guide's commands print the output that it shows", async () => {
  const started = async (line: string) => {
    const program = programs.shell(`cd ${folder} && ${line}`);
    await program.says(/(listening at )/);
    await expect.poll(() => oneLine(program.stdout())).toMatch(printedPattern(here(step(line).output)));
  };

  for (const [, name = "", source = ""] of sources) writeFileSync(join(folder, name), here(source));
  await started("npx node my-api.ts");
  await started("npx node my-tools.ts");

  // One shell runs all other steps up to the new server, because variables pass from step to step.
  const typed = steps
    .slice(1, steps.indexOf(step("npm start")))
    .filter(({ commands }) => !commands.startsWith("npx"));
  const terminal = programs.shell(scriptOf(typed.map(({ commands }) => here(commands))));
  expect(await terminal.finish()).toEqual({ status: 0, signal: null });
  expect(terminal.stderr()).toBe("");
  const answers = answersOf(terminal.stdout());
  for (const [index, { output }] of typed.entries()) {
    expect(answers[index]).toMatch(printedPattern(here(output)));
  }
  await expect.poll(() => oneLine(demo.stdout())).toMatch(printedPattern(here(step("npm run demo").output)));
}, 120_000);

test("the guide's own server prints the output that it shows", async () => {
  const env = { LATCHKEY_PORT: "0", LATCHKEY_DATABASE: join(folder, "data/latchkey.db") };
  const server = programs.shell("npm start", env);
  await server.says(/"(listening at )/);
  await expect
    .poll(() => oneLine(server.stdout() + server.stderr()))
    .toMatch(printedPattern(step("npm start").output));
  const { commands, output } = step("npx latchkey user list");
  const terminal = programs.shell(
    commands.replace("--role user", "--role user <<< 'correct horse battery'"),
    env,
  );
  expect(await terminal.finish()).toEqual({ status: 0, signal: null });
  expect(oneLine(terminal.stdout())).toMatch(printedPattern(output));
}, 120_000);
