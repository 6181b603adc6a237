import { settlesWithin } from "@latchkey/guard/timers";
import type { FastifyInstance } from "fastify";
import type { SteadyClock } from "../core/clock.ts";
import { describeHealth } from "./openapi-operations.ts";

/** The checks of readiness. */
export interface Health {
  /** Resolves if requests can be served. @throws {LatchkeyError} `store_unavailable` otherwise */
  readonly assertReady: () => Promise<void>;
  /** Problems for an operator that do not stop requests, one sentence each. */
  readonly warnings: () => readonly string[];
  /** This machine's clock minus the database's, in seconds. Undefined if the database has no clock. */
  readonly clockOffset: () => number | undefined;
}

/** Serves liveness (the process runs) and readiness (a balancer should send it requests). */
export function healthRoutes(app: FastifyInstance, { assertReady, warnings, clockOffset }: Health): void {
  const live = describeHealth("live", "Whether the process runs");
  app.get("/health/live", { schema: live }, () => ({ status: "live" }));
  const ready = describeHealth("ready", "Whether the process can serve requests");
  app.get("/health/ready", { schema: ready }, async () => {
    await assertReady();
    const [current, offset] = [warnings(), clockOffset()];
    return {
      status: "ready",
      ...(offset !== undefined && { clock_offset_seconds: offset }),
      ...(current.length > 0 && { warnings: current }),
    };
  });
}

/** A check that takes longer counts as failed in the metrics, in milliseconds. Monitoring waits for the answer. */
const metricsTimeout = 1_000;

/** Whether a check succeeds soon. */
export async function succeedsSoon(check: () => Promise<void>): Promise<boolean> {
  return settlesWithin(check(), metricsTimeout).catch(() => false);
}

/** How long the result of a check is shared after its end, in milliseconds. */
const shared = { success: 1_000, failure: 250 };

/**
 * A single-flight check with a short memory. Concurrent callers share one run. Later callers share its result for a
 * moment, so a flood of requests causes about one check a second.
 */
export function sharedCheck(check: () => Promise<void>, steady: SteadyClock): () => Promise<void> {
  let answer: Promise<void> | undefined;
  let staleAt = Number.POSITIVE_INFINITY;
  const keepFor = (duration: number) => () => {
    staleAt = steady() + duration;
  };
  return () => {
    if (answer !== undefined && steady() < staleAt) return answer;
    staleAt = Number.POSITIVE_INFINITY;
    answer = check();
    answer.then(keepFor(shared.success), keepFor(shared.failure));
    return answer;
  };
}
