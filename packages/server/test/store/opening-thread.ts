import { parentPort, workerData } from "node:worker_threads";
import { openConnection } from "../../src/store/sqlite/connection.ts";
import { migrate } from "../../src/store/sqlite/migrate.ts";

/** Input of a thread that opens files simultaneously with others. */
export interface Opening {
  readonly paths: readonly string[];
  readonly threads: number;
  /** Arrivals of threads at a file, over all files so far. */
  readonly arrived: SharedArrayBuffer;
}

if (parentPort !== null) {
  const { paths, threads, arrived }: Opening = workerData;
  const count = new Int32Array(arrived);
  const failures: string[] = [];
  paths.forEach((path, round) => {
    Atomics.add(count, 0, 1);
    // Spins, because a wake-up would reach the threads one after another.
    while (Atomics.load(count, 0) < (round + 1) * threads);
    try {
      const connection = openConnection(path);
      migrate(connection);
      connection.close();
    } catch (error) {
      failures.push(String(error));
    }
  });
  parentPort.postMessage(failures);
}
