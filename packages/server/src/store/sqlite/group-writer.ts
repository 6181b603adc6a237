import { once } from "node:events";
import type { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { LatchkeyError } from "../../core/errors.ts";
import { storeUnavailable } from "../../core/errors.ts";
import type { Step, Urgency } from "../database.ts";
import { FullVolumeCommit } from "./full-volume.ts";
import { GroupSender } from "./group-message.ts";
import type { OpenedFiles } from "./opened-files.ts";
import { type Change, groupCommit, type Outcome } from "./transaction.ts";
import type { GroupAnswer, WriterData, WriterMessage } from "./writer-thread.ts";

/** Commits one group of changes at a time. */
export interface GroupRunner {
  run(group: readonly Change[]): Promise<readonly Outcome[]>;
  /** Writes the reserve file for a full volume, unless it exists. */
  takeReserve?(): void;
  /** Empties the write-ahead log, unless a reader still needs it. */
  resetWal?(): void;
  close?(): Promise<void>;
}

interface Pending extends Change {
  readonly committed: (committed: boolean) => void;
  readonly failed: (error: LatchkeyError) => void;
}

/** Queue limit. Further changes are rejected with `store_unavailable`. */
const maxPending = 10_000;

/**
 * A batching queue of changes. While one group is written to disk, new changes collect in the next one. So the size of
 * a group follows the load, and a single change does not wait for others.
 */
export class GroupWriter {
  readonly #runner: GroupRunner;
  #pending: Pending[] = [];
  #busy = false;
  #idle: Promise<void> = Promise.resolve();

  constructor(runner: GroupRunner) {
    this.#runner = runner;
  }

  commit(steps: readonly Step[], urgency?: Urgency): Promise<boolean> {
    if (this.#pending.length >= maxPending) return Promise.reject(storeUnavailable("too many writes wait"));
    return new Promise((committed, failed) => {
      this.#pending.push({ steps, urgent: urgency === "urgent", committed, failed });
      if (this.#busy) return;
      this.#busy = true;
      this.#idle = this.#drain();
    });
  }

  /** Resolves when all pending changes are written. */
  async close(): Promise<void> {
    await this.#idle;
    await this.#runner.close?.();
  }

  async #drain(): Promise<void> {
    // Changes of the same turn of the event loop share the first group.
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const group = this.#pending;
      this.#pending = [];
      await this.#flush(group);
    }
    this.#busy = false;
  }

  async #flush(group: readonly Pending[]): Promise<void> {
    try {
      const outcomes = await this.#runner.run(group.map(({ steps, urgent }) => ({ steps, urgent })));
      for (const [index, change] of group.entries()) settle(change, outcomes[index]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Changes that were queued meanwhile fail too, instead of waiting for the same timeout again.
      const late = this.#pending.splice(0);
      for (const change of [...group, ...late]) change.failed(storeUnavailable(reason));
    }
  }
}

function settle(change: Pending, outcome: Outcome | undefined): void {
  if (outcome === undefined) change.failed(storeUnavailable("no outcome"));
  else if ("error" in outcome) change.failed(storeUnavailable(outcome.error));
  else change.committed(outcome.committed);
}

/**
 * Commits on a thread of its own, for databases in a file. The first group waits for the start of the thread, which
 * takes as long as a third of the server's start.
 */
export function threadRunner(path: string, files: OpenedFiles): GroupRunner {
  const worker = new Worker(new URL("./writer-thread.ts", import.meta.url), {
    workerData: { path, files } satisfies WriterData,
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 },
  });
  let broken: Error | undefined;
  let closing = false;
  let answered: ((answer: GroupAnswer) => void) | undefined;
  const fail = (error: Error) => {
    broken ??= error;
    answered?.({ failure: broken.message });
  };
  worker.on("message", (answer: GroupAnswer) => answered?.(answer));
  worker.on("error", fail);
  worker.on("exit", () => {
    const why = broken === undefined ? "" : `: ${broken.message}`;
    const stopped = new Error(`the writing thread has stopped${why}`);
    fail(stopped);
    // Without the thread no change can be committed. A restarted process has a new one.
    if (!closing) throw stopped;
  });
  const post = (message: WriterMessage) => worker.postMessage(message);
  const sender = new GroupSender();
  return {
    takeReserve: () => post("take reserve"),
    resetWal: () => post("reset wal"),
    async run(group) {
      if (broken !== undefined) throw broken;
      const answer = await new Promise<GroupAnswer>((resolve) => {
        answered = resolve;
        sender.send(group, post);
      });
      answered = undefined;
      if ("failure" in answer) throw new Error(answer.failure);
      return answer.outcomes;
    },
    async close() {
      closing = true;
      if (broken !== undefined) return;
      const stopped = once(worker, "exit");
      post("close");
      await stopped;
    },
  };
}

/** Commits on the calling thread, for a database in memory. */
export function inlineRunner(connection: DatabaseSync): GroupRunner {
  const commit = groupCommit(connection);
  return { run: async (group) => commit(group) };
}

/** Commits on the calling thread, for the short life of a command. An operator's changes are all urgent. */
export function commandRunner(connection: DatabaseSync, path: string): GroupRunner {
  const groups = new FullVolumeCommit(connection, path);
  return { run: async (group) => groups.run(group.map(({ steps }) => ({ steps, urgent: true }))) };
}
