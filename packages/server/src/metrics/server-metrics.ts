import { performance } from "node:perf_hooks";
import type { ClockOffset } from "../core/clock-offset.ts";
import type { HashQueue } from "../core/passwords/hash-queue.ts";
import type { Revocations } from "../core/tokens/revocations.ts";
import { version } from "../core/version.ts";
import type { Database, PoolFigures } from "../store/database.ts";
import type { Family } from "./exposition.ts";

/** The state of the clocks. */
interface ClockFigures {
  /** Milliseconds that deletions are behind the clock. */
  readonly lag: number;
  /** The offset from the database's clock. Undefined if the database has no clock. */
  readonly offset: Pick<ClockOffset, "offset" | "uncertainty"> | undefined;
}

/** The parts that are measured when monitoring reads the metrics. */
export interface WatchedParts {
  readonly queue: HashQueue;
  readonly revocations: Revocations;
  readonly store: Pick<Database, "pool" | "walSize" | "freeSpace">;
  readonly lostLogLines: (() => number) | undefined;
  readonly clockWatch: ClockFigures;
  /** Whether the check of `/health/ready` succeeds. */
  readonly ready: boolean;
  /** The id of this process. */
  readonly replica: string;
}

/** The metrics that are read at the moment of the request. */
export function serverMetrics(parts: WatchedParts): Family[] {
  const { queue, revocations, store, lostLogLines, clockWatch, replica, ready } = parts;
  const { lag, offset } = clockWatch;
  const connections = store.pool?.();
  const wal = store.walSize?.();
  return [
    gauge("latchkey_info", "Version and id of the server", 1, { version, replica }),
    gauge(
      "latchkey_ready",
      "1 if the check of /health/ready succeeds within a second, else 0",
      Number(ready),
    ),
    gauge("latchkey_hash_running", "Password hashes being computed", queue.running),
    gauge("latchkey_hash_running_max", "Limit of password hashes computed at once", queue.concurrency),
    gauge("latchkey_hash_waiting", "Logins waiting for a password hash", queue.waiting),
    gauge(
      "latchkey_hash_waiting_max",
      "Limit of waiting logins; more are refused as overloaded",
      queue.maxWaiting,
    ),
    gauge(
      "latchkey_revocations_age_seconds",
      "Time since the revocation list was last read",
      revocations.age / 1000,
    ),
    gauge("latchkey_revocations_number", "Number of the last known revocation", revocations.cursor),
    gauge("latchkey_revocations_held", "Ended sessions with tokens that have not expired", revocations.size),
    counter(
      "latchkey_log_lines_lost_total",
      "Log lines that were dropped because the buffer was full",
      lostLogLines?.() ?? 0,
    ),
    ...optionalGauge("latchkey_database_wal_bytes", "Size of the write-ahead log beside a SQLite file", wal),
    ...optionalGauge(
      "latchkey_database_volume_free_bytes",
      "Free space on the volume of a SQLite file",
      store.freeSpace?.(),
    ),
    gauge(
      "latchkey_deletion_lag_seconds",
      "Delay of deletions behind the clock, after the clock jumped ahead",
      lag / 1000,
    ),
    ...optionalGauge(
      "latchkey_clock_offset_seconds",
      "This machine's clock minus the database's clock",
      offset && offset.offset / 1000,
    ),
    ...optionalGauge(
      "latchkey_clock_offset_uncertainty_seconds",
      "Half of the round trip in which the clock offset was measured",
      offset && offset.uncertainty / 1000,
    ),
    ...(connections === undefined ? [] : poolMetrics(connections)),
    ...processMetrics(),
  ];
}

function poolMetrics({ max, allowed, size, idle, waiting }: PoolFigures): Family[] {
  return [
    gauge("latchkey_pool_connections", "Open connections to PostgreSQL", size),
    gauge("latchkey_pool_connections_max", "Limit of connections by LATCHKEY_DATABASE_POOL", max),
    gauge(
      "latchkey_pool_connections_allowed",
      "Limit of connections by PostgreSQL, as far as known",
      allowed,
    ),
    gauge("latchkey_pool_idle", "Open connections that are idle", idle),
    gauge("latchkey_pool_waiting", "Requests waiting for a connection", waiting),
  ];
}

function processMetrics(): Family[] {
  const { user, system } = process.cpuUsage();
  const { active } = performance.eventLoopUtilization();
  return [
    counter("process_cpu_seconds_total", "Processor time in user and system mode", (user + system) / 1e6),
    gauge("process_resident_memory_bytes", "Resident memory", process.memoryUsage.rss()),
    gauge("process_start_time_seconds", "Start time since the epoch", performance.timeOrigin / 1000),
    counter("nodejs_eventloop_active_seconds_total", "Busy time of the main thread", active / 1000),
  ];
}

function gauge(name: string, help: string, value: number, labels: Record<string, string> = {}): Family {
  return { name, type: "gauge", help, samples: [{ labels, value }] };
}

/** A gauge of a value that only some servers have. */
function optionalGauge(name: string, help: string, value: number | undefined): Family[] {
  return value === undefined ? [] : [gauge(name, help, value)];
}

function counter(name: string, help: string, value: number): Family {
  return { name, type: "counter", help, samples: [{ value }] };
}
