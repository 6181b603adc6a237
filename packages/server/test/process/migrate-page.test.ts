import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { oneLine, printedSteps } from "@latchkey/testkit/printed-steps";
import { Programs } from "@latchkey/testkit/programs";
import { login } from "@latchkey/testkit/server/auth-calls";
import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { importSources } from "../../src/cli/import/sources.ts";
import { vectorPassword } from "../core/foreign-vectors.ts";
import { exportsOf } from "./product-exports.ts";

const root = join(import.meta.dirname, "../../../..");
const page = join(root, "docs/migrate.md");
const place = new Place();
const programs = new Programs();
symlinkSync(join(root, "node_modules"), place.path("node_modules"));

/** Without it, the start of npm takes longer than each command. */
const quickNpx = 'npx() { local name=$1; shift; "$PWD/node_modules/.bin/$name" "$@"; }';

let server: ServerProcess;
beforeAll(async () => {
  server = await place.server();
});

/** Runs a command as the page prints it, in the folder of its files. @returns its output on one line */
async function typed(command: string): Promise<string> {
  const env = {
    LATCHKEY_DATABASE: place.database,
    LATCHKEY_HASH_MEMORY: "64",
    LATCHKEY_HASH_ITERATIONS: "1",
  };
  const terminal = programs.shell(`cd ${place.directory}\n${quickNpx}\n${command}`, env);
  const exit = await terminal.finish();
  expect({ ...exit, stderr: terminal.stderr() }, command).toEqual({ status: 0, signal: null, stderr: "" });
  return oneLine(terminal.stdout());
}

/** The commands in the table of products, by the value of `--from`. */
const printed = new Map(
  [...readFileSync(page, "utf8").matchAll(/^\| [^|]+\| `(user import [^`]+)`/gm)].map(([, command = ""]) => [
    / --from (\S+)/.exec(command)?.[1] ?? "",
    command,
  ]),
);

test("the first commands of docs/migrate.md try a file, and import it", async () => {
  const row = { email: "first@example.com", roles: ["editor"] };
  writeFileSync(place.path("users.jsonl"), `${JSON.stringify(row)}\n`);
  const [step] = printedSteps(page);
  expect(await typed(step?.commands ?? "")).toBe("would import 1 user imported 1 user");
});

test("docs/migrate.md has a command for each product", () => {
  expect([...printed.keys()]).toEqual(importSources);
});

describe("a user moves in with the printed command, and signs in with the old password", () => {
  test.each(exportsOf)(
    "from $product, $form",
    async ({ product, files, user, password = vectorPassword }) => {
      const command = printed.get(product) ?? "";
      for (const [name, content] of Object.entries(files)) {
        // The page and the test name the same files.
        expect(command).toContain(` ${name}`);
        writeFileSync(place.path(name), content);
      }
      expect(await typed(`npx latchkey ${command}`)).toMatch(/^imported 1 user/);
      const { status, body } = await login(server.url, user.email, password);
      expect(status).toBe(200);
      expect(body["user"]).toMatchObject(user);
      expect((await login(server.url, user.email, `${password}!`)).status).toBe(401);
    },
  );
});
