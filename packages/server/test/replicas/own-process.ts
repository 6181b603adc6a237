import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** A small server of the test in a separate process. */
export interface OwnProcess extends Disposable {
  readonly port: number;
  tell(order: string): void;
}

/** Starts a module that reports its port on its channel. */
export async function ownProcess(module: string, ...args: readonly (string | number)[]): Promise<OwnProcess> {
  const child: ChildProcess = fork(new URL(module, import.meta.url), args.map(String));
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  const [{ port }] = await once(child, "message");
  return {
    port,
    tell: (order) => child.send(order),
    [Symbol.dispose]() {
      process.off("exit", end);
      end();
    },
  };
}
