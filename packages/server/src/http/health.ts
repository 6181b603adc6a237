import type { FastifyInstance } from "fastify";
import { describeHealth } from "./operations.ts";

export interface Health {
  /** Resolves where requests can be served. @throws {LatchkeyError} `store_unavailable` where they cannot */
  readonly assertReady: () => Promise<void>;
}

/** Whether the process runs, and whether it should be sent requests. */
export function healthRoutes(app: FastifyInstance, { assertReady }: Health): void {
  const live = describeHealth("live", "Whether the process runs");
  app.get("/health/live", { schema: live }, () => ({ status: "live" }));
  const ready = describeHealth("ready", "Whether the process can read and write, and so serve requests");
  app.get("/health/ready", { schema: ready }, async () => {
    await assertReady();
    return { status: "ready" };
  });
}
