import { explain, UsageProblem } from "./cli/failures.ts";
import { print } from "./cli/print.ts";
import { visible, visibleLines } from "./visible.ts";

type Command = (args: readonly string[]) => Promise<void>;

/** Each command is loaded when it is asked for. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import("./cli/serve.ts")).serveCommand,
  demo: async () => (await import("./cli/demo.ts")).demoCommand,
  user: async () => (await import("./cli/user.ts")).userCommand,
  session: async () => (await import("./cli/session.ts")).sessionCommand,
  database: async () => (await import("./cli/database.ts")).databaseCommand,
  key: async () => (await import("./cli/key.ts")).keyCommand,
};

/** Runs the command line. What went wrong is told in one line on standard error, with exit status 1. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const [name = "help", ...rest] = args;
  process.stdout.on("error", (error) => outputFailed(name, error));
  // The line that would say so cannot be written either.
  process.stderr.on("error", () => {});
  try {
    if (name === "help" || args.includes("--help") || args.includes("-h")) {
      print(...(await import("./cli/help.ts")).help().split("\n"));
      return;
    }
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (load === undefined)
      throw new UsageProblem(`unknown command ${name}: \`latchkey --help\` lists all commands`);
    const command = await load();
    await command(rest);
  } catch (error) {
    const line = explain(error);
    process.stderr.write(`latchkey: ${line === undefined ? visibleLines(stackOf(error)) : visible(line)}\n`);
    process.exitCode = 1;
    // A writing thread or a listening socket may have been left behind.
    process.exit();
  }
}

/** A server goes on without its output. A command ends: with status 0 if its reader, such as `head`, has seen enough. */
function outputFailed(command: string, error: Error): void {
  if (command === "serve" || command === "demo") return;
  if ("code" in error && error.code === "EPIPE") process.exit();
  process.stderr.write(
    `latchkey: cannot write to standard output (${error.message}): free space, or write elsewhere\n`,
  );
  process.exit(1);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
