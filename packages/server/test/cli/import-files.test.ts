import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { jsonObjects } from "../../src/cli/import/json-list.ts";
import { readRecords } from "../../src/cli/import/records.ts";

const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function* inChunks(text: string, size: number) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function objectsIn(text: string, list: string | undefined, size = 7): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const piece of jsonObjects("users.json", inChunks(text, size), list))
    found.push(JSON.parse(piece.text));
  return found;
}

async function recordsIn(content: string | Buffer, list?: string) {
  const file = join(folder, "users");
  writeFileSync(file, content);
  return Array.fromAsync(readRecords(file, { list }));
}

const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 8 });

describe("the objects of a JSON list", () => {
  test("any list gives its objects, however the file is cut into chunks", async () => {
    await fc.assert(
      fc.asyncProperty(objects, fc.integer({ min: 1, max: 50 }), fc.boolean(), async (list, size, pretty) => {
        const text = JSON.stringify(list, null, pretty ? 2 : 0);
        expect(await objectsIn(text, undefined, size)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("the list under a key is found among other keys, values and lists", async () => {
    await fc.assert(
      fc.asyncProperty(
        objects,
        fc.jsonValue(),
        fc.string(),
        fc.integer({ min: 1, max: 50 }),
        async (users, other, name, size) => {
          const text = JSON.stringify({
            [`${name}!`]: other,
            clients: [{ users: [{ id: 1 }] }],
            users,
            last: [{ a: 1 }],
          });
          expect(await objectsIn(text, "users", size)).toEqual(JSON.parse(JSON.stringify(users)));
        },
      ),
    );
  });

  test("a file that is cut off is refused after its last whole object", async () => {
    const seen: string[] = [];
    const read = async () => {
      for await (const { text } of jsonObjects("users.json", inChunks('[{"a":1},{"a":', 5), undefined))
        seen.push(text);
    };
    await expect(read()).rejects.toThrow(
      "users.json ends within the list of users: it is cut off, or is not valid JSON",
    );
    expect(seen).toEqual(['{"a":1}']);
  });

  test("an object of more than 1 MiB is refused before it is in memory", async () => {
    await expect(objectsIn(`[{"a":"${"x".repeat(2_000_000)}"}]`, undefined, 65_536)).rejects.toThrow(
      "users.json, line 1: a user takes more than 1 MiB",
    );
  });
});

describe("the rows of a file", () => {
  test("JSON lines: one row for each line, and the others after a broken line", async () => {
    expect(await recordsIn('{"a":1}\n\n{"a":\r\n[1]\n{"a":2}')).toEqual([
      { line: 1, fields: { a: 1 } },
      { line: 3, problem: "not valid JSON" },
      { line: 4, problem: "not a JSON object" },
      { line: 5, fields: { a: 2 } },
    ]);
  });

  test("JSON lines of a product that also writes one object with a list", async () => {
    expect(await recordsIn('{"a":1,"b":{"users":[]}}\n{"a":2}\n', "users")).toEqual([
      { line: 1, fields: { a: 1, b: { users: [] } } },
      { line: 2, fields: { a: 2 } },
    ]);
    for (const text of [
      '{"realm":"r","users":[{"a":1}]}',
      '{\n"users":[\n{"a":1}]}',
      '{"x":\n"users":[{"a":1}]}',
    ])
      expect(await recordsIn(text, "users")).toMatchObject([{ fields: { a: 1 } }]);
    expect(await recordsIn('{"realm":"r"}\n', "users")).toEqual([]);
  });

  test("a JSON list, with the line on which each object begins", async () => {
    expect(await recordsIn('\n[\n {"a":1},\n {"b":\n "]}"}\n]\n')).toEqual([
      { line: 3, fields: { a: 1 } },
      { line: 4, fields: { b: "]}" } },
    ]);
  });

  test("CSV with names in its first line, quotes, and a byte order mark", async () => {
    const text =
      '\u{feff}email , display_name\r\na@example.com,"A, ""the"" Ä"\r\nb@example.com,"two\nlines"\nc@example.com\n';
    expect(await recordsIn(text)).toEqual([
      { line: 2, fields: { email: "a@example.com", display_name: 'A, "the" Ä' } },
      { line: 4, fields: { email: "b@example.com", display_name: "two\nlines" } },
      { line: 5, problem: "its number of fields is not that of the first line" },
    ]);
  });

  test.each([
    ["an empty file", "", "users is empty"],
    ["spaces", " \n ", "users is empty"],
    [
      "UTF-16",
      Buffer.from("\u{feff}email\na@example.com", "utf16le"),
      "users is not UTF-8: save it in UTF-8",
    ],
    ["Latin 1", Buffer.from("email\n\u00e4@example.com", "latin1"), "users is not UTF-8: save it in UTF-8"],
    ["an open quote", 'email\n"$2b$10$secret', "valid CSV: a quote that is never closed (line 2)"],
    ["a quote in a field", 'email\na"secret"\n', "valid CSV: a quote inside a field without quotes (line 2)"],
    ["a text behind a quote", 'email\n"a"secret\n', "valid CSV: text behind a closing quote (line 2)"],
    ["semicolons", "email;username\nsecret;a\n", "users has no comma in its first line: separate the fields"],
    [
      "tabulators",
      "email\tusername\nsecret\ta\n",
      "users has no comma in its first line: separate the fields",
    ],
  ])("%s is refused with a sentence, and nothing of the file is in it", async (_name, content, message) => {
    const refused = recordsIn(content);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow("secret");
  });
});
