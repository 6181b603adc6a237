import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
/** The promises of the authorization server, of people and of mail. */
const section =
  readFileSync(join(root, "SECURITY.md"), "utf8").split("## The authorization server\n")[1] ?? "";
const promises = [...section.matchAll(/\]\((packages\/server\/test\/[^)]+)\): “([^”]+)”/g)].map(
  ([, file = "", name = ""]) => ({ file, name }),
);

test("the sections have promises", () => expect(promises.length).toBeGreaterThan(40));

test.each(promises)("the test of a promise exists: $name", ({ file, name }) => {
  expect(readFileSync(join(root, file), "utf8")).toContain(name);
});
