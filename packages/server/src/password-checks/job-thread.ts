import { Worker } from "node:worker_threads";
import { LatchkeyError } from "../core/errors.ts";
import { FairSlots, type QueuedRequester } from "../core/passwords/fair-slots.ts";
import type { JobAnswer, JobKind, ThreadJob, ThreadJobs } from "./thread-job.ts";

/** The options of a thread. */
export interface JobThreadOptions {
  /** The program of the thread. */
  readonly program?: URL;
  /** How long one job may take, in milliseconds. The first job also starts the thread and loads its code. */
  readonly timeoutMs?: number;
  /** An unused thread ends after so many milliseconds and gives its memory back. */
  readonly idleMs?: number;
  /** Jobs that run or wait, at most. */
  readonly mostJobs?: number;
}

/**
 * A thread that starts with its first job, runs one job at a time, and ends when it is idle. So work that computes for
 * long never holds up the thread that answers requests. Its code takes memory only while it is needed.
 *
 * Jobs take turns by address and account, so that one party with many jobs locks out nobody.
 *
 * A job that takes too long ends the thread; the next job starts another one.
 */
export class JobThread<Kind extends JobKind> {
  readonly #kind: Kind;
  readonly #options: Required<JobThreadOptions>;
  /** One slot: the thread runs one job at a time. */
  readonly #slots: FairSlots;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(kind: Kind, options: JobThreadOptions = {}) {
    this.#kind = kind;
    this.#options = {
      program: new URL("./password-thread.ts", import.meta.url),
      timeoutMs: 30_000,
      idleMs: 30_000,
      mostJobs: 64,
      ...options,
    };
    const maxWaiting = this.#options.mostJobs - 1;
    this.#slots = new FairSlots(`${kind} queue`, { concurrency: 1, maxWaiting });
  }

  /** Whether the thread holds memory now. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Runs a job when the requester's turn comes.
   *
   * @throws {LatchkeyError} `overloaded` if too many jobs wait, or if the thread failed, stopped or took too long;
   * `client_gone`
   */
  async run(
    input: ThreadJobs[Kind]["input"],
    requester: QueuedRequester,
  ): Promise<ThreadJobs[Kind]["output"]> {
    const slot = await this.#slots.acquire(requester);
    try {
      return await this.#runNow(input);
    } finally {
      slot[Symbol.dispose]();
      if (this.#slots.running === 0) this.#endWhenIdle();
    }
  }

  /** Ends the thread now instead of later, unless it has work. */
  release(): void {
    if (this.#slots.running === 0) this.#end();
  }

  async #runNow(input: ThreadJobs[Kind]["input"]): Promise<ThreadJobs[Kind]["output"]> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? this.#start();
    const answer = await this.#ask(worker, input);
    if ("failure" in answer) throw failed(answer.failure);
    return answer.output;
  }

  #ask(worker: Worker, input: ThreadJobs[Kind]["input"]): Promise<JobAnswer<Kind>> {
    const { promise, resolve } = Promise.withResolvers<JobAnswer<Kind>>();
    const stopped = () => resolve({ failure: "the thread has stopped" });
    const timer = setTimeout(() => {
      resolve({ failure: `no answer within ${this.#options.timeoutMs} ms` });
      this.#end();
    }, this.#options.timeoutMs);
    worker.once("message", resolve);
    worker.once("exit", stopped);
    worker.postMessage({ kind: this.#kind, input } satisfies ThreadJob<Kind>);
    return promise.finally(() => {
      clearTimeout(timer);
      worker.off("message", resolve);
      worker.off("exit", stopped);
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#options.program, {
      name: `latchkey-${this.#kind}`,
      resourceLimits: { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 },
    });
    // A command ends although its thread still waits for work.
    worker.unref();
    // A thread out of memory emits this before `exit`. Without a listener the process would end.
    worker.on("error", () => {});
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    this.#worker = worker;
    return worker;
  }

  #endWhenIdle(): void {
    this.#idle = setTimeout(() => this.#end(), this.#options.idleMs).unref();
  }

  #end(): void {
    clearTimeout(this.#idle);
    void this.#worker?.terminate();
    this.#worker = undefined;
  }
}

function failed(reason: string): LatchkeyError {
  return new LatchkeyError("overloaded", { reason: `password thread: ${reason}` });
}
