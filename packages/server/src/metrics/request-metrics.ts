import type { AuditEvent } from "../core/audit-events.ts";
import { alarmedCodes } from "./alarmed-codes.ts";
import type { Family, Sample } from "./exposition.ts";

/** Upper bounds of the histogram's buckets, in seconds. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The answers of one operation. */
interface Answers {
  readonly codes: Map<string, number>;
  /** Answers per bucket. The last bucket has no upper bound. */
  readonly buckets: number[];
  /** The sum of all durations. */
  seconds: number;
}

/** Counts answers by operation and code, and measures their durations. */
export class RequestMetrics {
  readonly #operations = new Map<string, Answers>();

  /** Shows an operation with zero answers, before its first one. */
  begin(operation: string): void {
    this.#answersOf(operation);
  }

  count(operation: string, code: string, seconds: number): void {
    const answers = this.#answersOf(operation);
    answers.codes.set(code, (answers.codes.get(code) ?? 0) + 1);
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket++;
    answers.buckets[bucket] = (answers.buckets[bucket] ?? 0) + 1;
    answers.seconds += seconds;
  }

  #answersOf(operation: string): Answers {
    let answers = this.#operations.get(operation);
    if (answers === undefined) {
      const codes = new Map<string, number>(alarmedCodes.map((code) => [code, 0]));
      answers = { codes, buckets: Array(bounds.length + 1).fill(0), seconds: 0 };
      this.#operations.set(operation, answers);
    }
    return answers;
  }

  families(): Family[] {
    const operations = [...this.#operations];
    return [
      {
        name: "latchkey_requests_total",
        type: "counter",
        help: "Answers by operation and code: ok, or the error code",
        samples: operations.flatMap(([operation, { codes }]) =>
          [...codes].map(([code, value]) => ({ labels: { operation, code }, value })),
        ),
      },
      {
        name: "latchkey_request_duration_seconds",
        type: "histogram",
        help: "Duration from a request to the end of its answer",
        samples: operations.flatMap(([operation, answers]) => histogram(operation, answers)),
      },
    ];
  }
}

function histogram(operation: string, { buckets, seconds }: Answers): Sample[] {
  let total = 0;
  const samples = buckets.map((count, bucket): Sample => {
    total += count;
    const le = bucket < bounds.length ? String(bounds[bucket]) : "+Inf";
    return { suffix: "_bucket", labels: { operation, le }, value: total };
  });
  return [
    ...samples,
    { suffix: "_sum", labels: { operation }, value: seconds },
    { suffix: "_count", labels: { operation }, value: total },
  ];
}

/** Counts repeats of refresh tokens within the grace, and replays after it, from durable audit events. */
export class RepeatMetrics {
  readonly #counts = { same_address: 0, other_address: 0 };
  #replays = 0;

  note({ name, reason }: Pick<AuditEvent, "name"> & { readonly reason?: string }): void {
    if (name === "refresh.replayed") this.#replays++;
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
      {
        name: "latchkey_refresh_replays_total",
        type: "counter",
        help: "Old refresh tokens that came back and ended their session",
        samples: [{ value: this.#replays }],
      },
    ];
  }
}
