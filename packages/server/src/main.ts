import { readArguments } from "./cli/arguments.ts";
import { exitStatusOf, explain } from "./cli/failures.ts";
import { findTask } from "./cli/find-command.ts";
import { version } from "./core/version.ts";
import { print, visible, visibleLines } from "./terminal.ts";

/**
 * Runs the command line. An error is one line on standard error. The exit status is 2 for a command line that was not
 * understood, and 1 for any other failure.
 */
export async function runCommand(args: readonly string[]): Promise<void> {
  process.stdout.on("error", (error) => outputFailed(args[0], error));
  // A failure of standard error cannot be reported anywhere.
  process.stderr.on("error", () => {});
  try {
    const task = findTask(args);
    if (task === "version") return print(version);
    if ("help" in task) return print(...(await import("./cli/help.ts")).helpFor(task.help));
    const given = readArguments(task.command, task.args);
    const work = await task.command.load();
    await work(given);
  } catch (error) {
    const line = explain(error);
    process.stderr.write(`latchkey: ${line === undefined ? visibleLines(stackOf(error)) : visible(line)}\n`);
    process.exitCode = exitStatusOf(error);
    // An open thread or socket would keep the process running.
    process.exit();
  }
}

/**
 * A server continues without its output. A command ends, with status 0 if its reader closed the pipe as `head` does.
 */
function outputFailed(command: string | undefined, error: Error): void {
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
