import type { Family, Sample } from "./exposition.ts";

/** Upper bounds of the latencies that are told apart, in seconds. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Latencies {
  /** How many took no longer than each bound, and longer than the one before; the last is for all longer ones. */
  readonly counts: number[];
  sum: number;
}

/** Counts answers by operation and code, and how long they took. */
export class RequestFigures {
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
    let place = 0;
    while (place < bounds.length && seconds > (bounds[place] ?? 0)) place++;
    latencies.counts[place] = (latencies.counts[place] ?? 0) + 1;
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
        help: "Answers by operation and code: ok, or why it was refused",
        samples: answers,
      },
      {
        name: "latchkey_request_duration_seconds",
        type: "histogram",
        help: "From a request to the end of its answer",
        samples: [...this.#latencies].flatMap(([operation, latencies]) => histogram(operation, latencies)),
      },
    ];
  }
}

function histogram(operation: string, { counts, sum }: Latencies): Sample[] {
  let total = 0;
  const buckets = counts.map((count, place): Sample => {
    total += count;
    const le = place < bounds.length ? String(bounds[place]) : "+Inf";
    return { suffix: "_bucket", labels: { operation, le }, value: total };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels: { operation }, value: sum },
    { suffix: "_count", labels: { operation }, value: total },
  ];
}
