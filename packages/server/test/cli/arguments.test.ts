import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../../src/cli/arguments.ts";
import { type Command, usageOf } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands.ts";
import { UsageProblem } from "../../src/cli/failures.ts";
import { findTask } from "../../src/cli/find-command.ts";
import { allSettings, flagOf } from "../../src/config/settings.ts";

const named = (name: string): Command => {
  const found = commands.find((command) => command.name === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found;
};

const anyCommand = fc.constantFrom(...commands);
const flagsOf = ({ options, settings }: Command) => [...Object.keys(options), ...settings.map(flagOf)];
const everyFlag = [...new Set(commands.flatMap(flagsOf))];
/** `--secret` makes a secret in one command. In another one it looks like the value of a setting. */
const secretFlags = allSettings.flatMap(([name, { secret }]) => (secret ? [flagOf(name)] : []));
/** Text that a shell can pass and that can be typed. */
const typed = fc
  .string({ unit: fc.constantFrom(..."abcXYZ019 -_=@./é漢🙂".split("")), minLength: 1 })
  .filter((text) => !/[\ud800-\udfff]/.test(text));

/** A valid command line in any order and form, beside the parts that a parser must find in it. */
const understood = anyCommand.chain((command) => {
  const { argument, options, settings } = command;
  const flag = (name: string) =>
    fc
      .record({ name: fc.constant(name), value: typed, joined: fc.boolean() })
      .map(({ name, value, joined }) =>
        joined || value.startsWith("-")
          ? { name, value, args: [`--${name}=${value}`] }
          : { name, value, args: [`--${name}`, value] },
      );
  const own = Object.entries(options).map(([name, { value, required, many }]) =>
    value === undefined
      ? fc.array(fc.constant({ name, value: "", args: [`--${name}`] }), { maxLength: 2 })
      : fc.array(flag(name), { minLength: required ? 1 : 0, maxLength: many ? 3 : 2 }),
  );
  const words = fc.array(
    typed.filter((word) => !word.startsWith("-")),
    { minLength: argument === undefined || argument.optional ? 0 : 1, maxLength: argument ? 1 : 0 },
  );
  const flags = fc.tuple(...own, ...settings.map((name) => fc.array(flag(flagOf(name)), { maxLength: 1 })));
  return fc
    .tuple(
      words,
      flags.map((lists) => lists.flat()),
    )
    .chain(([words, flags]) => {
      const parts = [...words.map((word) => ({ name: undefined, value: word, args: [word] })), ...flags];
      return fc
        .shuffledSubarray(parts, { minLength: parts.length })
        .map((parts) => ({ command, parts, args: parts.flatMap(({ args }) => args) }));
    });
});

test("a command line of the table is understood, in any order and form", () => {
  fc.assert(
    fc.property(understood, ({ command, parts, args }) => {
      const { words, values } = parseCommandLine(command, args);
      expect(words).toEqual(parts.filter(({ name }) => name === undefined).map(({ value }) => value));
      for (const flag of flagsOf(command)) {
        const given = parts.filter(({ name }) => name === flag).map(({ value }) => value);
        expect(values.get(flag) ?? []).toEqual(given);
      }
    }),
  );
});

test("a flag of another command is refused, with command, flag and help", () => {
  fc.assert(
    fc.property(understood, fc.constantFrom(...everyFlag), fc.nat(), ({ command, args }, flag, at) => {
      fc.pre(!flagsOf(command).includes(flag) && !secretFlags.includes(flag));
      const where = at % (args.length + 1);
      const before = args[where - 1];
      // Behind a flag that waits for its value, the flag would be that value.
      fc.pre(before === undefined || !before.startsWith("--") || before.includes("="));
      const line = [...args.slice(0, where), `--${flag}`, ...args.slice(where)];
      const refused = () => parseCommandLine(command, line);
      expect(refused).toThrow(UsageProblem);
      expect(refused).toThrow(`${command.name} takes no flag --${flag}: `);
      expect(refused).toThrow(`\`latchkey help ${command.name}\``);
    }),
  );
});

test("any command line is refused in one line or understood as a whole", () => {
  const odd = fc.oneof(
    fc.string(),
    fc.constantFrom(
      ...everyFlag.map((flag) => `--${flag}`),
      "--",
      "-",
      "-x",
      "--=",
      "--__proto__",
      "--help=",
    ),
  );
  fc.assert(
    fc.property(anyCommand, fc.array(odd, { maxLength: 5 }), (command, args) => {
      try {
        const { words, values } = parseCommandLine(command, args);
        expect(words.length).toBeLessThanOrEqual(command.argument === undefined ? 0 : 1);
        expect(flagsOf(command)).toEqual(expect.arrayContaining([...values.keys()]));
      } catch (error) {
        if (!(error instanceof UsageProblem)) throw error;
        expect(error.message).not.toBe("");
      }
    }),
  );
});

describe("the table of commands", () => {
  test.for(commands.map((command) => [command.name, command] as const))(
    "the example of %s is understood",
    ([, command]) => {
      const task = findTask(command.example.split(" "));
      if (task === "version" || "help" in task) throw new Error("the example names another command");
      expect(task.command).toBe(command);
      expect(parseCommandLine(command, task.args)).toBeDefined();
    },
  );

  test("a secret is a flag of no command, and its value is never repeated", () => {
    for (const flag of secretFlags) {
      for (const command of commands) {
        const refused = () => parseCommandLine(command, [`--${flag}=hunter2`]);
        const isSwitch = flagsOf(command).includes(flag);
        expect(refused).toThrow(isSwitch ? "takes no value" : "in the environment, without the flag");
        expect(refused).not.toThrow(/hunter2/);
      }
    }
  });
});

test.for<[line: string, why: RegExp]>([
  [
    "user enable alice --role admin",
    /^user enable takes no flag --role: it takes --database, .*`latchkey help user enable`$/,
  ],
  ["user list --email x", /^user list takes no flag --email: /],
  ["user add a --emial a@b", /^user add takes no flag --emial: did you mean --email\? /],
  ["serve --prot 80", /did you mean --port\?/],
  ["user add a --email", /^--email needs a value/],
  ["user add a --name --email a@b", /^--name needs a value/],
  ["key rotate --force=yes", /^--force takes no value/],
  ["user list -x", /takes no flag -x/],
  ["session end -Qa7", /takes no flag -Q: .*; ID that begins with `-` goes behind `--`$/],
  ["user list alice", /^user list takes no argument: usage: latchkey user list \[--search TEXT\]/],
  ["user disable a b", /^user disable takes one argument: usage: latchkey user disable NAME \[--yes\]$/],
  ["user add alice", /^usage: latchkey user add NAME --email ADDRESS/],
  ["database prune", /^usage: latchkey database prune --keep DURATION$/],
  ["user add a --email=", /^--email is empty$/],
])("latchkey %s", ([line, why]) => {
  const task = findTask(line.split(" "));
  if (task === "version" || "help" in task) throw new Error("another task");
  expect(() => parseCommandLine(task.command, task.args)).toThrow(why);
});

test("an argument behind -- may begin with a dash", () => {
  expect(parseCommandLine(named("user disable"), ["--", "-alice"]).words).toEqual(["-alice"]);
});

describe("the task of a command line", () => {
  test.for<[string, unknown]>([
    ["", { help: [] }],
    ["help", { help: [] }],
    ["--help", { help: [] }],
    ["-h", { help: [] }],
    ["help user add", { help: ["user", "add"] }],
    ["help --help", { help: [] }],
    ["--help -h", { help: [] }],
    ["version --help", { help: ["version"] }],
    ["user --help", { help: ["user"] }],
    ["user add --help", { help: ["user", "add"] }],
    ["user add alice --email x -h", { help: ["user", "add"] }],
    ["serve --port 80 --help", { help: ["serve"] }],
    ["version", "version"],
    ["--version", "version"],
    ["-v", "version"],
    ["user passwd alice", { command: named("user passwd"), args: ["alice"] }],
    ["user passwd -- --help", { command: named("user passwd"), args: ["--", "--help"] }],
  ])("latchkey %s", ([line, task]) => {
    expect(findTask(line === "" ? [] : line.split(" "))).toEqual(task);
  });

  test.for<[string, RegExp]>([
    ["usr list", /^unknown command usr: did you mean user\? `latchkey help` lists all commands$/],
    ["sevre", /did you mean serve\?/],
    ["user lits", /^unknown command user lits: did you mean list\? usage: latchkey user add\|list/],
    ["user", /^usage: latchkey user add\|list\|show\|set\|passwd\|/],
    ["start", /^unknown command start: `latchkey help` lists all commands$/],
    ["constructor", /^unknown command constructor: `latchkey help`/],
    ["--database x user list", /^a command comes before --database/],
    ["version now", /^version takes no argument/],
  ])("latchkey %s is refused", ([line, why]) => {
    expect(() => findTask(line.split(" "))).toThrow(why);
  });
});

test("the usage of a command shows argument, flags and optional parts", () => {
  expect(usageOf(named("user add"))).toBe(
    "latchkey user add NAME --email ADDRESS [--name TEXT] [--role ROLE …] [--must-change] [--no-password]",
  );
  expect(usageOf(named("session list"))).toMatch(/^latchkey session list \[NAME\]/);
});
