import { readFileSync } from "node:fs";

/** Commands of a page, with the output printed below them. */
export interface PrintedStep {
  /** The heading above, without its marks. */
  readonly section: string;
  readonly commands: string;
  /** Empty if the page shows none. */
  readonly output: string;
}

/** The blocks of shell commands of a page, in their order. */
export function printedSteps(page: string): readonly PrintedStep[] {
  const parts = readFileSync(page, "utf8").split(/^#+ /m);
  return parts.flatMap((part) =>
    [...part.matchAll(/^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```)?/gms)].map(
      ([, commands = "", output = ""]) => ({
        section: part.slice(0, part.indexOf("\n")),
        commands,
        output,
      }),
    ),
  );
}

/** Output on one line: blanks and line ends vary with the terminal. */
export const oneLine = (text: string) => text.trim().replace(/\s+/g, " ");

/** Matches the printed output, with any text for each "…". */
export function printedPattern(output: string): RegExp {
  const parts = oneLine(output)
    .split("…")
    .map((part) => RegExp.escape(part.trim()));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

/** One script of several steps, because variables pass from step to step. {@link answersOf} splits its output. */
export function scriptOf(steps: readonly string[]): string {
  return steps.map((commands) => `${commands}\necho '~~~'`).join("\n");
}

/** The output of each step of {@link scriptOf}. */
export function answersOf(output: string): readonly string[] {
  return output.split("~~~").map(oneLine);
}
