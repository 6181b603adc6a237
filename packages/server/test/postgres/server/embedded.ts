import type { TestProject } from "vitest/node";
import { embeddedBinaries } from "./binaries.ts";
import { startOnDemand } from "./on-demand.ts";
import { PostgresServer } from "./postgres-server.ts";

/** The PostgreSQL of `npm test`: npm's binaries, without flushes to disk. */
export function setup(project: TestProject): Promise<() => Promise<void>> {
  return startOnDemand(project, () => PostgresServer.make({ binaries: embeddedBinaries(), fsync: false }));
}
