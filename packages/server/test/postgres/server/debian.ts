import type { TestProject } from "vitest/node";
import { debianBinaries } from "./binaries.ts";
import { PostgresServer } from "./postgres-server.ts";

/** Starts Debian's PostgreSQL for its suite. @returns what stops it again */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await PostgresServer.make({ binaries: debianBinaries() });
  project.provide("postgres", server.address("postgres"));
  return () => server[Symbol.asyncDispose]();
}
