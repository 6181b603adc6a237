import { createServer } from "node:http";
import type { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { listenLocally } from "@latchkey/testkit/sockets";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** Address of the starter of the suite's PostgreSQL: its answer is the address of the administrator's database. */
    postgresStarter: string;
  }
}

/**
 * One PostgreSQL per run, started by the first test that asks for it. Workers ask over HTTP, because only the main
 * process outlives every test file.
 *
 * @returns the function that ends the run
 */
export async function startOnDemand(
  project: TestProject,
  make: () => Promise<PostgresServer>,
): Promise<() => Promise<void>> {
  let server: Promise<PostgresServer> | undefined;
  const starter = createServer((_request, response) => {
    server ??= make();
    server.then(
      (started) => response.end(started.address("postgres")),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  project.provide("postgresStarter", `http://127.0.0.1:${await listenLocally(starter)}/`);
  return async () => {
    starter.close();
    await (await server?.catch(() => undefined))?.[Symbol.asyncDispose]();
  };
}
