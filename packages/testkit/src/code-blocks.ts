import { readFileSync } from "node:fs";

/**
 * The code blocks of a page.
 *
 * @param language the language of the block, such as `sh`
 * @param count the expected number of blocks
 */
export function codeBlocks(page: string, language: string, count = 1): readonly string[] {
  const text = readFileSync(page, "utf8");
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, found]) => found === language)
    .map(([, , block = ""]) => block);
  if (blocks.length !== count) throw new Error(`${page} has ${blocks.length} blocks of ${language}`);
  return blocks;
}
