import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Place } from "@latchkey/testkit/server/server-process";
import { describe, expect, test } from "vitest";

const folder = join(import.meta.dirname, "..");
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const readme = read("README.md");
const place = new Place();
const run = promisify(execFile);

/** A section of the README, from its heading to the next of the same rank. */
function section(heading: string): string {
  const [, text = ""] = readme.split(`\n## ${heading}\n`);
  return text.split("\n## ")[0] ?? "";
}

/** The captures of all matches of a pattern. */
function names(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map((found) => found.slice(1).find((name) => name !== undefined) ?? "");
}

/** The first column of the tables in a text. */
function firstColumn(text: string): readonly string[] {
  return names(text, /^\| `([^`]+)`/gm);
}

/** The properties of an interface of the source. */
function propertiesOf(file: string, name: string): readonly string[] {
  const [, rest = ""] = read(file).split(new RegExp(`export interface ${name}\\b.*\\{\n`));
  return names(rest.split("\n}")[0] ?? "", /^ {2}readonly (\w+)\??:/gm);
}

test("the first example runs against the demo and prints its comments", async () => {
  const [example = ""] = names(readme, /```ts\n(.*?)```/gs);
  const promised = names(example, /^console\.log\(.*\); \/\/ (.*)$/gm);
  expect(promised.length).toBeGreaterThan(0);
  const demo = await place.server({ command: "demo", env: { LATCHKEY_DATABASE: "" } });
  const script = example
    .replace('"@latchkey/client"', JSON.stringify(pathToFileURL(join(folder, "src/index.ts"))))
    .replace("http://127.0.0.1:8000", demo.url);
  writeFileSync(place.path("first.mjs"), script);

  const { stdout, stderr } = await run(process.execPath, [place.path("first.mjs")]);
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toEqual(promised);
});

describe("the README names", () => {
  const code = names(readme, /```ts\n(.*?)```|`([^`\n]+)`/gs).join("\n");
  const exported = names(read("src/index.ts"), /^export (?:type )?\{([^}]*)\}/gm)
    .flatMap((list) => list.split(","))
    .map((name) => name.replace("type ", "").trim())
    .filter((name) => name !== "");

  test.each([...exported, "fileStore", "acrossTabs"])("the export %s", (name) => {
    expect(code).toMatch(new RegExp(`\\b${name}\\b`));
  });

  test("the oldest supported version of Node", () => {
    const [oldest = ""] = names(read("package.json"), /"node": ">=([\d.]+)"/g);
    expect(section("Platforms")).toContain(`Node ${oldest} and later`);
  });

  test("exactly the options in the table of options", () => {
    const options = [
      ...propertiesOf("src/options.ts", "CallOptions"),
      ...propertiesOf("src/options.ts", "ClientOptions"),
    ];
    expect(options).toContain("baseURL");
    expect(firstColumn(section("Options")).toSorted()).toEqual(options.toSorted());
  });

  test("exactly the retry options in the table of retries", () => {
    const options = propertiesOf("src/retry.ts", "RetryOptions");
    expect(options).toContain("maxRetries");
    const [, ...listed] = firstColumn(section("Retries"));
    expect(listed.toSorted()).toEqual(options.toSorted());
  });

  test("exactly the kinds of errors in the table of errors", () => {
    const kinds = names(read("src/errors.ts"), /^ {2}(?:override )?readonly kind(?:: string)? = ("\w+");/gm);
    expect(kinds).toContain('"unauthorized"');
    const [, ...listed] = firstColumn(section("Errors"));
    expect(listed.toSorted()).toEqual(kinds.toSorted());
  });
});
