import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const source = join(import.meta.dirname, "../src");

/** All modules outside the package that a file imports, directly or through others, types included. */
function importedBy(entry: string): readonly string[] {
  const seen = new Set<string>();
  const outside = new Set<string>();
  const walk = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(
      /^(?:.* from |import |declare module )"([^"]+)"/gm,
    )) {
      if (name.startsWith(".")) walk(join(file, "..", name));
      else outside.add(name);
    }
  };
  walk(join(source, entry));
  return [...outside].toSorted();
}

/** The modules that verify a signature. */
const jose = ["jose", "jose/base64url"];

describe("an entry point imports no unused framework, and no module of Node", () => {
  test.each<[string, readonly string[]]>([
    ["index.ts", ["eventsource-parser", ...jose, "jose/key/import"]],
    ["verifier.ts", jose],
    ["adapters/fastify.ts", ["fastify", "jose"]],
    ["adapters/express.ts", ["jose"]],
  ])("%s", (entry, needed) => expect(importedBy(entry)).toEqual(needed));
});
