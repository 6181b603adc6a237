import { parentPort, workerData } from "node:worker_threads";
import type { Step } from "./database.ts";
import { openConnection } from "./sqlite-connection.ts";
import { GroupCommit, type Outcome } from "./sqlite-transaction.ts";

/** Answer to one group: what became of each change, or why the group failed. */
export type GroupAnswer = { readonly outcomes: readonly Outcome[] } | { readonly failure: string };

/** The thread that writes: it waits for the disk, so that the thread that answers requests never does. */
if (parentPort !== null) {
  const port = parentPort;
  const connection = openConnection(String(workerData));
  const groups = new GroupCommit(connection);
  port.on("message", (group: readonly (readonly Step[])[] | "close") => {
    if (group === "close") {
      connection.close();
      port.close();
      return;
    }
    port.postMessage(answer(group));
  });

  function answer(group: readonly (readonly Step[])[]): GroupAnswer {
    try {
      return { outcomes: groups.run(group) };
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error) };
    }
  }
}
