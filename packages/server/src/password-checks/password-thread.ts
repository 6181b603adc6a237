import { parentPort } from "node:worker_threads";
import type { JobAnswer, JobKind, ThreadJob, ThreadJobs } from "./thread-job.ts";

type Handler<Kind extends JobKind> = (
  input: ThreadJobs[Kind]["input"],
) => Promise<ThreadJobs[Kind]["output"]>;

/** The work of each kind. Its code is loaded by the first job, so that a thread holds the code of its own kind alone. */
const handlers: { readonly [Kind in JobKind]: Handler<Kind> } = {
  async strength({ password, words }) {
    const { measure } = await import("./strength.ts");
    return measure(password, words);
  },
  async crypt({ text, password }) {
    const { matchesCrypt } = await import("./crypt.ts");
    return matchesCrypt(text, password);
  },
};

async function answer<Kind extends JobKind>({ kind, input }: ThreadJob<Kind>): Promise<JobAnswer<Kind>> {
  try {
    return { output: await handlers[kind](input) };
  } catch (error) {
    // The message of an error could repeat its input, which is a password.
    return { failure: error instanceof Error ? error.name : "unknown error" };
  }
}

if (parentPort !== null) {
  const port = parentPort;
  port.on("message", async (job: ThreadJob<JobKind>) => port.postMessage(await answer(job)));
}
