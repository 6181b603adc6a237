import type { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { busyTimeout, isEngineError, openConnection } from "./connection.ts";
import { FullVolumeCommit } from "./full-volume.ts";
import { GroupReceiver, type SentGroup } from "./group-message.ts";
import { displacement, type OpenedFiles } from "./opened-files.ts";
import type { Outcome } from "./transaction.ts";

/** Answer to one group: the outcome of each change, or the reason why the group failed. */
export type GroupAnswer = { readonly outcomes: readonly Outcome[] } | { readonly failure: string };

/** A group of changes, which gets an answer, or an order, which gets none. */
export type WriterMessage = SentGroup | "take reserve" | "reset wal" | "close";

/** Input of the thread. */
export interface WriterData {
  readonly path: string;
  readonly files: OpenedFiles;
}

function assertInPlace(files: OpenedFiles): void {
  const displaced = displacement(files);
  if (displaced !== undefined) throw new Error(displaced);
}

/** Moves the whole write-ahead log into the database and empties its file, unless a reader still needs it. */
function resetWal(connection: DatabaseSync): void {
  // A change never waits for a reader.
  connection.exec("pragma busy_timeout = 0");
  try {
    connection.exec("pragma wal_checkpoint(truncate)");
  } catch (error) {
    // The next call tries again.
    if (!isEngineError(error)) throw error;
  } finally {
    connection.exec(`pragma busy_timeout = ${busyTimeout}`);
  }
}

/** The writing thread waits for the disk, so that the thread that answers requests never does. */
if (parentPort !== null) {
  const port = parentPort;
  const { path, files }: WriterData = workerData;
  const connection = openConnection(path);
  const groups = new FullVolumeCommit(connection, path);
  const receiver = new GroupReceiver();
  port.on("message", (message: WriterMessage) => {
    if (message === "take reserve") groups.takeReserve();
    else if (message === "reset wal") resetWal(connection);
    else if (message === "close") {
      connection.close();
      port.close();
    } else port.postMessage(answer(message));
  });

  function answer(sent: SentGroup): GroupAnswer {
    try {
      // First of all, because its new texts are never sent again.
      const group = receiver.unpack(sent);
      assertInPlace(files);
      const outcomes = groups.run(group);
      // A change to a file that was deleted meanwhile is never acknowledged.
      assertInPlace(files);
      return { outcomes };
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error) };
    }
  }
}
