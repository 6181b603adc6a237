import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import type { TestProject } from "vitest/node";
import { startOnDemand } from "./on-demand.ts";

/** The PostgreSQL of the suite `postgres`: Debian's binaries, as in production. */
export function setup(project: TestProject): Promise<() => Promise<void>> {
  return startOnDemand(project, () => PostgresServer.make({ binaries: debianBinaries() }));
}
