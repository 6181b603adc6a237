import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const folder = join(import.meta.dirname, "../src");
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const source = globSync("*.ts", { cwd: folder }).map(read).join("\n");
const kinds = "(?:abstract )?(?:class|interface|type|function|const)";

/** The docstring right before the match of a pattern. */
function docstring(before: string): string {
  return new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n${before}`).exec(source)?.[1] ?? "";
}

describe("has a docstring with an example:", () => {
  const exported = [...read("index.ts").matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
    .flatMap(([, list = ""]) => list.split(","))
    .map((name) => name.replace("type ", "").trim())
    .filter((name) => name !== "");

  test.each([...exported, "fileStore", "acrossTabs"])("%s", (name) => {
    expect(docstring(`export ${kinds} ${name}\\b`)).toContain("@example");
  });

  const [, members = ""] = /^export class AuthClient \{\n(.*?)^\}/ms.exec(read("client.ts")) ?? [];
  const methods = [...members.matchAll(/^ {2}(?:async |readonly )?(\w+|\[[\w.]+\])(?:\(| = async)/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "constructor");

  test.each(methods)("AuthClient.%s", (name) => {
    expect(docstring(` {2}(?:async |readonly )?${name.replace(/[[\].]/g, "\\$&")}[( ]`)).toContain(
      "@example",
    );
  });

  test("the five verbs of AuthClient are among them", () => {
    expect(methods).toEqual(expect.arrayContaining(["login", "refresh", "me", "logout", "token"]));
  });
});
