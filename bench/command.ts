import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import type { Usage } from "./at-exit.ts";
import { launch } from "./children.ts";
import { ownCommand } from "./service.ts";

/** A command that has ended, with status 0. */
export interface Ended extends Usage {
  /** From its start to its end, in seconds. */
  readonly time: number;
  /** The file with its standard output. */
  readonly output: string;
}

/**
 * Runs a command of the server to its end.
 *
 * @param folder gets its output
 * @throws if it fails
 */
export async function runCommand(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const place = mkdtempSync(`${folder}/command-`);
  const output = `${place}/out`;
  const descriptor = openSync(output, "w");
  const begun = performance.now();
  const child = launch(
    {
      script: ownCommand,
      args,
      environment: {
        NODE_OPTIONS: `--import=${new URL("at-exit.ts", import.meta.url)}`,
        USAGE: `${place}/usage`,
        ...environment,
      },
      processor: 0,
    },
    descriptor,
  );
  const ended = once(child, "exit");
  closeSync(descriptor);
  child.stdin?.end();
  const [code] = await ended;
  const time = (performance.now() - begun) / 1000;
  if (code !== 0) throw new Error(`latchkey ${args.join(" ")} ended with ${code}`);
  const usage: Usage = JSON.parse(readFileSync(`${place}/usage`, "utf8"));
  return { ...usage, time, output };
}
