import type { AuditEvent } from "../core/audit-events.ts";
import type { Family, Sample } from "./exposition.ts";

/** Upper bounds of the histogram's buckets, in seconds. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Latencies {
  /** Answers per bucket. The last bucket has no upper bound. */
  readonly counts: number[];
  sum: number;
}

/** Counts answers by operation and code, and measures their durations. */
export class RequestMetrics {
  readonly #codes = new Map<string, Map<string, number>>();
  readonly #latencies = new Map<string, Latencies>();

  count(operation: string, code: string, seconds: number): void {
    let codes = this.#codes.get(operation);
    if (codes === undefined) {
      codes = new Map();
      this.#codes.set(operation, codes);
    }
    codes.set(code, (codes.get(code) ?? 0) + 1);
    let latencies = this.#latencies.get(operation);
    if (latencies === undefined) {
      latencies = { counts: Array(bounds.length + 1).fill(0), sum: 0 };
      this.#latencies.set(operation, latencies);
    }
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket++;
    latencies.counts[bucket] = (latencies.counts[bucket] ?? 0) + 1;
    latencies.sum += seconds;
  }

  families(): Family[] {
    const answers = [...this.#codes].flatMap(([operation, codes]) =>
      [...codes].map(([code, value]): Sample => ({ labels: { operation, code }, value })),
    );
    return [
      {
        name: "latchkey_requests_total",
        type: "counter",
        help: "Answers by operation and code: ok, or the error code",
        samples: answers,
      },
      {
        name: "latchkey_request_duration_seconds",
        type: "histogram",
        help: "Duration from a request to the end of its answer",
        samples: [...this.#latencies].flatMap(([operation, latencies]) => histogram(operation, latencies)),
      },
    ];
  }
}

function histogram(operation: string, { counts, sum }: Latencies): Sample[] {
  let total = 0;
  const buckets = counts.map((count, bucket): Sample => {
    total += count;
    const le = bucket < bounds.length ? String(bounds[bucket]) : "+Inf";
    return { suffix: "_bucket", labels: { operation, le }, value: total };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels: { operation }, value: sum },
    { suffix: "_count", labels: { operation }, value: total },
  ];
}

/** Counts repeats of refresh tokens within the grace, from durable audit events. */
export class RepeatMetrics {
  readonly #counts = { same_address: 0, other_address: 0 };

  note({ name, reason }: Pick<AuditEvent, "name" | "reason">): void {
    if (name !== "refresh.repeated") return;
    if (reason === "same_address" || reason === "other_address") this.#counts[reason]++;
  }

  families(): Family[] {
    return [
      {
        name: "latchkey_refresh_repeats_total",
        type: "counter",
        help: "Repeats of refresh tokens within the grace, by address of the repeat",
        samples: Object.entries(this.#counts).map(([origin, value]) => ({ labels: { origin }, value })),
      },
    ];
  }
}
