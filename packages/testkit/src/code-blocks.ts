import { readFileSync } from "node:fs";

/**
 * The code blocks of a page.
 *
 * @param language the language of the block, such as `sh`
 * @param count the expected number of blocks
 */
export function codeBlocks(page: string, language: string, count = 1): readonly string[] {
  const blocks = blocksIn(readFileSync(page, "utf8"), language);
  if (blocks.length !== count) throw new Error(`${page} has ${blocks.length} blocks of ${language}`);
  return blocks;
}

/** The code blocks of each section of a page, by its heading of the second level. */
export function sectionBlocks(page: string, language: string): ReadonlyMap<string, readonly string[]> {
  const [, ...sections] = readFileSync(page, "utf8").split(/^## /m);
  return new Map(
    sections.map((section) => [section.slice(0, section.indexOf("\n")), blocksIn(section, language)]),
  );
}

function blocksIn(text: string, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, found]) => found === language)
    .map(([, , block = ""]) => block);
}
