import type { TestProject } from "vitest/node";
import { memoryFolder } from "../../memory-folder.ts";
import { embeddedBinaries } from "./binaries.ts";
import { startOnDemand } from "./on-demand.ts";
import { PostgresServer } from "./postgres-server.ts";

/** Each database takes 8 MB, and a run makes some hundreds. */
const room = 4 * 2 ** 30;

/** The PostgreSQL of `npm test`: npm's binaries, without flushes to disk. */
export function setup(project: TestProject): Promise<() => Promise<void>> {
  return startOnDemand(project, () =>
    PostgresServer.make({ binaries: embeddedBinaries(), fsync: false, parent: memoryFolder(room) }),
  );
}
