import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { codeBlocks } from "@latchkey/testkit/code-blocks";

const page = fileURLToPath(new URL("../../../../docs/verify-anywhere.md", import.meta.url));

const programs = [
  ...codeBlocks(page, "python", 2),
  ...codeBlocks(page, "go", 2),
  ...codeBlocks(page, "java", 4),
  ...codeBlocks(page, "properties", 1),
];
const commands = codeBlocks(page, "sh", 3);

/** A program of the page. @param name of its file, which the first line of the block has as a comment */
export function program(name: string): string {
  const found = programs.find((text) => /^(?:#|\/\/) (.*)\n/.exec(text)?.[1] === name);
  if (found === undefined) throw new Error(`${page} has no block for ${name}`);
  return found;
}

/** The installation commands of the page that begin with a word, such as `pip`. */
export function installations(word: string): readonly string[] {
  return commands.filter((text) => text.startsWith(`${word} `));
}

/** A version that the text of the page names. @param pattern with a group for the version */
export function version(pattern: RegExp): string {
  const found = pattern.exec(readFileSync(page, "utf8"))?.[1];
  if (found === undefined) throw new Error(`${page} names no version like ${pattern}`);
  return found;
}

/** The lines of the list under "Your follower is right if". */
export function followerRules(): readonly string[] {
  const [, list = ""] =
    /\n## Your follower is right if\n(.*?)(?:\n## |$)/s.exec(readFileSync(page, "utf8")) ?? [];
  return list
    .split(/^- /m)
    .slice(1)
    .map((line) => line.trim().replaceAll(/\s+/g, " "));
}
