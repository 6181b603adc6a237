import { Place } from "@latchkey/testkit/server/server-process";
import { describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { helpFor } from "../../src/cli/help.ts";
import { allSettings, flagOf, variableOf } from "../../src/config/settings.ts";
import { version } from "../../src/core/version.ts";
import { expectUsageError } from "../process/refusal.ts";

const place = new Place({ commands: "here" });
/** Help is wrapped, so its words are compared. */
const words = (lines: readonly string[]) => lines.join(" ").replaceAll(/\s+/g, " ");

test("the overview fits into 80 columns and 50 lines, and names every command", () => {
  const lines = helpFor([]);
  expect(lines.length).toBeLessThanOrEqual(50);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  for (const { name, meaning } of commands) {
    expect(
      lines.filter((line) => line.startsWith(`  latchkey ${name}  `) && line.endsWith(meaning)),
    ).toHaveLength(1);
  }
});

describe.for(commands.map((command) => [command.name, command] as const))(
  "the help of %s",
  ([name, command]) => {
    const lines = helpFor(name.split(" "));

    test("fits into 80 columns", () => {
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    });

    test("shows usage, argument, flags and an example", () => {
      const text = words(lines);
      expect(lines[0]).toMatch(new RegExp(`^usage: latchkey ${name}( |$)`));
      if (command.argument !== undefined)
        expect(text).toContain(` ${command.argument.name} ${command.argument.meaning}`);
      for (const [option, { value = "", meaning }] of Object.entries(command.options))
        expect(text).toContain(`--${option} ${value} ${meaning}`.replace("  ", " "));
      for (const setting of command.settings) expect(text).toContain(` --${flagOf(setting)} `);
      expect(lines).toContain(`  latchkey ${command.example}`);
    });
  },
);

test("the help of a group shows the usage of its commands", () => {
  const lines = helpFor(["key"]);
  expect(lines).toContain("  latchkey key rotate [--force]");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

test.for([["help"], ["version"]])("the help of %s is the overview", ([topic]) => {
  expect(helpFor([topic ?? ""])).toEqual(helpFor([]));
});

test.for([
  [["nope"], /^unknown command nope: /],
  [["user", "ad"], /^unknown command user ad: did you mean add\?/],
  [["serve", "now"], /^unknown command serve now: /],
  [["user", "add", "alice"], /^unknown command user add alice: `latchkey help`/],
] as const)("help about %j is refused", ([topic, why]) => {
  expect(() => helpFor(topic)).toThrow(why);
});

test("help settings lists every setting with variable, flag and meaning", () => {
  const lines = helpFor(["settings"]);
  for (const [name, { meaning, secret }] of allSettings) {
    expect(lines).toContain(`  ${variableOf(name)}${secret ? "" : `, --${flagOf(name)}`}`);
    expect(words(lines)).toContain(meaning);
  }
});

test.for([["help"], ["--help"], ["-h"], []])(
  "%j shows the overview, also if a setting is wrong",
  async (args) => {
    const shown = await place.latchkey(args, { env: { LATCHKEY_PORT: "wrong" } });
    expect(shown).toMatchObject({ status: 0, stderr: "", stdout: `${helpFor([]).join("\n")}\n` });
  },
);

test("help behind a command shows the help of that command", async () => {
  const shown = await place.latchkey(["user", "add", "--help"]);
  expect(shown).toMatchObject({ status: 0, stdout: `${helpFor(["user", "add"]).join("\n")}\n` });
  expectUsageError(await place.latchkey(["help", "usr"]), /unknown command usr: did you mean user\?/);
});

test.for([["version"], ["--version"], ["-v"]])("%j shows the version alone", async (args) => {
  const shown = await place.latchkey(args, { env: { LATCHKEY_PORT: "wrong" } });
  expect(shown).toMatchObject({ status: 0, stderr: "", stdout: `${version}\n` });
});
