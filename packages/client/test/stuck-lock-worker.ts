// A suspended realm with a lock: it takes the lock, posts a message and blocks forever.
import { parentPort, workerData } from "node:worker_threads";

await navigator.locks.request(String(workerData), () => {
  parentPort?.postMessage("held");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
