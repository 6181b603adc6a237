import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { expect, test } from "vitest";
import { administrationOf } from "./administration.ts";
import { cache, run, typesOf } from "./tools.ts";
import { startWireServer } from "./wire-server.ts";

const place = new Place();
const program = join(import.meta.dirname, "clients/typescript/admin.ts");

test("a client of openapi-typescript and openapi-fetch administers a user", async () => {
  const { document, server } = await startWireServer(place);
  const folder = join(cache, "typescript");
  mkdirSync(folder, { recursive: true });
  await typesOf(document, join(folder, "schema.ts"));
  copyFileSync(program, join(folder, "admin.ts"));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../../tsconfig.json", include: ["."], exclude: [] }),
  );
  // The types of the document fit the program. Then it runs.
  await run("tsc", ["-p", folder]);
  const printed = await run("node", [join(folder, "admin.ts"), server.url, "admin", adminPassword]);
  expect(JSON.parse(printed)).toEqual(administrationOf("dave", "Dave"));
});
