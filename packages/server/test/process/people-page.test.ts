import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  answersOf,
  oneLine,
  type PrintedStep,
  printedPattern,
  printedSteps,
  scriptOf,
} from "@latchkey/testkit/printed-steps";
import { Programs } from "@latchkey/testkit/programs";
import { Place } from "@latchkey/testkit/server/server-process";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../../..");
const place = new Place();
const programs = new Programs();
// The commands write their files into this folder, and find the programs of the clone from it.
symlinkSync(join(root, "node_modules"), place.path("node_modules"));
writeFileSync(place.path("package.json"), "{}");

const [start, ...steps] = printedSteps(join(root, "docs/people.md"));
/** Without it, the start of npm takes longer than each command. */
const quickNpx = 'npx() { local name=$1; shift; "$PWD/node_modules/.bin/$name" "$@"; }';

const byCommand = (step: PrintedStep) => step.section === "By command";

/** Runs steps in one shell, and compares each output with the printed one. */
async function expectPrinted(typed: readonly PrintedStep[], env: Readonly<Record<string, string>>) {
  const script = scriptOf(typed.map(({ commands }) => commands));
  const terminal = programs.shell(`cd ${place.directory}\n${quickNpx}\n${script}`, env);
  expect(await terminal.finish()).toEqual({ status: 0, signal: null });
  expect(terminal.stderr()).toBe("");
  const answers = answersOf(terminal.stdout());
  for (const [index, { output, commands }] of typed.entries())
    expect(answers[index], commands).toMatch(printedPattern(output));
}

test("the requests of docs/people.md get the answers that it shows", async () => {
  expect(oneLine(start?.commands ?? "")).toBe("npm run demo -- --sign-up example.com");
  const demo = programs.shell(start?.commands ?? "", { LATCHKEY_PORT: "0" });
  const url = await demo.says(/"listening at (http:[^"]+)"/);
  const requests = steps.filter((step) => !byCommand(step));
  expect(requests.length).toBeGreaterThan(10);
  const here = requests.map((step) => ({
    ...step,
    commands: step.commands.replaceAll("http://127.0.0.1:8000", url),
  }));
  await expectPrinted(here, {});
}, 120_000);

test("the commands of docs/people.md print the output that it shows", async () => {
  await place.server();
  const env = {
    LATCHKEY_DATABASE: place.database,
    LATCHKEY_HASH_MEMORY: "64",
    LATCHKEY_HASH_ITERATIONS: "1",
  };
  const commands = steps.filter(byCommand);
  expect(commands).toHaveLength(1);
  await expectPrinted(commands, env);
}, 120_000);
