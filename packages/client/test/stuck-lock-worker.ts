// A realm that is suspended while it holds a lock: it takes the lock, says so, and never runs again.
import { parentPort, workerData } from "node:worker_threads";

await navigator.locks.request(String(workerData), () => {
  parentPort?.postMessage("held");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
