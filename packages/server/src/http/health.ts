import type { FastifyInstance } from "fastify";
import { describeHealth } from "./operations.ts";

export interface Health {
  /** Resolves where requests can be served. @throws {LatchkeyError} `store_unavailable` where they cannot */
  readonly assertReady: () => Promise<void>;
  /** What an operator should look at although requests are served, a sentence each. */
  readonly warnings: () => readonly string[];
}

/** Whether the process runs, and whether it should be sent requests. */
export function healthRoutes(app: FastifyInstance, { assertReady, warnings }: Health): void {
  const live = describeHealth("live", "Whether the process runs");
  app.get("/health/live", { schema: live }, () => ({ status: "live" }));
  const ready = describeHealth("ready", "Whether the process can read and write, and so serve requests");
  app.get("/health/ready", { schema: ready }, async () => {
    await assertReady();
    const told = warnings();
    return told.length === 0 ? { status: "ready" } : { status: "ready", warnings: told };
  });
}
