import type { Strength } from "../core/passwords/policy.ts";

/** The work of the password threads: each kind with its input and its output, which travel between threads. */
export interface ThreadJobs {
  readonly strength: {
    readonly input: { readonly password: string; readonly words: readonly string[] };
    readonly output: Strength;
  };
  /** A hash that is computed without a pause. `text` is the stored form of SHA-crypt or phpass. */
  readonly crypt: {
    readonly input: { readonly text: string; readonly password: string };
    readonly output: boolean;
  };
}

/** The kind of a job. */
export type JobKind = keyof ThreadJobs;

/** One job, as a thread gets it. */
export interface ThreadJob<Kind extends JobKind> {
  readonly kind: Kind;
  readonly input: ThreadJobs[Kind]["input"];
}

/** The answer of a thread to one job. */
export type JobAnswer<Kind extends JobKind> =
  | { readonly output: ThreadJobs[Kind]["output"] }
  | { readonly failure: string };
