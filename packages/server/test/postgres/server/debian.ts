import type { TestProject } from "vitest/node";
import { debianBinaries } from "./binaries.ts";
import { startOnDemand } from "./on-demand.ts";
import { PostgresServer } from "./postgres-server.ts";

/** The PostgreSQL of its own suite: Debian's binaries, as in production. */
export function setup(project: TestProject): Promise<() => Promise<void>> {
  return startOnDemand(project, () => PostgresServer.make({ binaries: debianBinaries() }));
}
