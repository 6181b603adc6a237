import { explain, UsageProblem } from "./cli/failures.ts";
import { print, visible, visibleLines } from "./terminal.ts";

type Command = (args: readonly string[]) => Promise<void>;

/** The commands. Each is loaded only if it is called. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import("./cli/serve.ts")).serveCommand,
  demo: async () => (await import("./cli/demo.ts")).demoCommand,
  user: async () => (await import("./cli/user.ts")).userCommand,
  session: async () => (await import("./cli/session.ts")).sessionCommand,
  database: async () => (await import("./cli/database.ts")).databaseCommand,
  key: async () => (await import("./cli/key.ts")).keyCommand,
};

/** Runs the command line. An error is one line on standard error, with exit status 1. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const [name = "help", ...rest] = args;
  process.stdout.on("error", (error) => outputFailed(name, error));
  // A failure of standard error cannot be reported anywhere.
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
    // An open thread or socket would keep the process running.
    process.exit();
  }
}

/**
 * A server continues without its output. A command ends, with status 0 if its reader closed the pipe as `head` does.
 */
function outputFailed(command: string, error: Error): void {
  if (command === "serve" || command === "demo") return;
  if ("code" in error && error.code === "EPIPE") process.exit();
  process.stderr.write(
    `latchkey: cannot write to standard output (${error.message}): free disk space, or redirect it elsewhere\n`,
  );
  process.exit(1);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
