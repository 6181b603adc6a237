import { performance } from "node:perf_hooks";
import type { PoolFigures } from "../store/database.ts";
import type { Family } from "./exposition.ts";

/** What is looked at when monitoring asks. */
export interface WatchedParts {
  readonly queue: {
    readonly running: number;
    readonly waiting: number;
    readonly concurrency: number;
    readonly places: number;
  };
  readonly revocations: { readonly cursor: number; readonly size: number; readonly age: number };
  readonly pool: () => PoolFigures | undefined;
  readonly logSize: () => number | undefined;
  readonly lostLogLines?: (() => number) | undefined;
  /** Both in milliseconds. */
  readonly clocks: { readonly offset: number | undefined; readonly lag: number };
  readonly version: string;
}

/** The figures that are there at any moment. */
export function serverFigures(parts: WatchedParts): Family[] {
  const { queue, revocations, pool, logSize, lostLogLines = () => 0, clocks, version } = parts;
  const connections = pool();
  const wal = logSize();
  return [
    gauge("latchkey_info", "The version that runs", 1, { version }),
    gauge("latchkey_hash_running", "Passwords that are being checked", queue.running),
    gauge("latchkey_hash_running_max", "Passwords that may be checked at once", queue.concurrency),
    gauge("latchkey_hash_waiting", "Logins that wait for their password to be checked", queue.waiting),
    gauge("latchkey_hash_waiting_max", "Logins that may wait; more are refused as overloaded", queue.places),
    gauge(
      "latchkey_revocations_age_seconds",
      "Since the list of ended sessions was last read",
      revocations.age / 1000,
    ),
    gauge(
      "latchkey_revocations_number",
      "Number of the last ended session that is known",
      revocations.cursor,
    ),
    gauge(
      "latchkey_revocations_held",
      "Ended sessions of which a token may still look valid",
      revocations.size,
    ),
    counter(
      "latchkey_log_lines_lost_total",
      "Log lines that could not be written and no longer fit into memory",
      lostLogLines(),
    ),
    ...(wal === undefined
      ? []
      : [gauge("latchkey_database_wal_bytes", "Size of the write-ahead log beside a SQLite file", wal)]),
    gauge(
      "latchkey_deletion_lag_seconds",
      "How far deletions are behind the clock, because it leapt ahead of elapsed time",
      clocks.lag / 1000,
    ),
    ...(clocks.offset === undefined
      ? []
      : [
          gauge(
            "latchkey_clock_offset_seconds",
            "This machine's clock minus the database's",
            clocks.offset / 1000,
          ),
        ]),
    ...(connections === undefined ? [] : poolFigures(connections)),
    ...processFigures(),
  ];
}

function poolFigures({ max, allowed, size, idle, waiting }: PoolFigures): Family[] {
  return [
    gauge("latchkey_pool_connections", "Connections to PostgreSQL that are open", size),
    gauge("latchkey_pool_connections_max", "Connections that may be open", max),
    gauge(
      "latchkey_pool_connections_allowed",
      "Connections that PostgreSQL lets this server have, as far as known",
      allowed,
    ),
    gauge("latchkey_pool_idle", "Open connections that nobody uses", idle),
    gauge("latchkey_pool_waiting", "Who waits for a connection", waiting),
  ];
}

function processFigures(): Family[] {
  const { user, system } = process.cpuUsage();
  const { active } = performance.eventLoopUtilization();
  return [
    counter("process_cpu_seconds_total", "Processor time", (user + system) / 1e6),
    gauge("process_resident_memory_bytes", "Memory that is in use", process.memoryUsage.rss()),
    gauge("process_start_time_seconds", "When it started, since the epoch", performance.timeOrigin / 1000),
    counter(
      "nodejs_eventloop_active_seconds_total",
      "Time in which the thread that answers was busy",
      active / 1000,
    ),
  ];
}

function gauge(name: string, help: string, value: number, labels: Record<string, string> = {}): Family {
  return { name, type: "gauge", help, samples: [{ labels, value }] };
}

function counter(name: string, help: string, value: number): Family {
  return { name, type: "counter", help, samples: [{ value }] };
}
