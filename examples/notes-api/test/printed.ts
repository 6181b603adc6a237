import { readFileSync } from "node:fs";

/**
 * What a page shows in a block of its own, as it is printed there.
 *
 * @param language what stands after the block's opening backticks, such as `sh`
 * @param count how many such blocks the page must have
 */
export function printed(page: string, language: string, count = 1): readonly string[] {
  const text = readFileSync(page, "utf8");
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, found]) => found === language)
    .map(([, , block = ""]) => block);
  if (blocks.length !== count) throw new Error(`${page} has ${blocks.length} blocks of ${language}`);
  return blocks;
}
