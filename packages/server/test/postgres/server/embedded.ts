import { memoryFolder } from "@latchkey/testkit/memory-folder";
import { embeddedBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import type { TestProject } from "vitest/node";
import { startOnDemand } from "./on-demand.ts";

/** Each database takes 8 MB, and a run makes some hundreds. */
const room = 4 * 2 ** 30;

/** The PostgreSQL of `npm test`: npm's binaries, without flushes to disk. */
export function setup(project: TestProject): Promise<() => Promise<void>> {
  return startOnDemand(project, () =>
    PostgresServer.make({ binaries: embeddedBinaries(), fsync: false, parent: memoryFolder(room) }),
  );
}
