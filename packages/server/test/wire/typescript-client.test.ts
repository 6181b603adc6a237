import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { administrationOf } from "./administration.ts";
import { everyOperation, expectEveryOperation } from "./called-operations.ts";
import { cache, run, typesOf } from "./tools.ts";
import { startWireServer } from "./wire-server.ts";

const place = new Place();
const folder = join(cache, "typescript");
const programs = ["admin.ts", "operations.ts"] as const;
/** How long the first run may take to fetch the generator, in milliseconds. */
const firstRun = 900_000;
let document: string;
/** Runs a program of a client. @returns what it prints */
let call: (program: (typeof programs)[number]) => Promise<string>;

beforeAll(async () => {
  const wire = await startWireServer(place, everyOperation);
  ({ document } = wire);
  mkdirSync(folder, { recursive: true });
  await typesOf(document, join(folder, "schema.ts"));
  for (const program of programs)
    copyFileSync(join(import.meta.dirname, "clients/typescript", program), join(folder, program));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../../tsconfig.json", include: ["."], exclude: [] }),
  );
  // The types of the document fit the programs. Then they run.
  await run("tsc", ["-p", folder]);
  call = (program) =>
    run("node", [join(folder, program), wire.server.url, "admin", adminPassword], { timeout: 60_000 });
}, firstRun);

describe("a client of openapi-typescript and openapi-fetch", () => {
  test("administers a user", async () => {
    expect(JSON.parse(await call("admin.ts"))).toEqual(administrationOf("dave", "Dave"));
  });

  test("calls each operation of the administration and of the own account", async () => {
    expectEveryOperation(document, await call("operations.ts"));
  });
});
