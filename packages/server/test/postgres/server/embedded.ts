import type { TestProject } from "vitest/node";
import { embeddedBinaries } from "./binaries.ts";
import { PostgresServer } from "./postgres-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where a running PostgreSQL is: its administrator's database. */
    postgres: string;
  }
}

/** Starts the PostgreSQL of `npm test`. @returns what stops it again */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await PostgresServer.make({ binaries: embeddedBinaries(), fsync: false });
  project.provide("postgres", server.address("postgres"));
  return () => server[Symbol.asyncDispose]();
}
