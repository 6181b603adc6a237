/**
 * Sends a signal to a process that may have ended already.
 *
 * @param pid a negative one names a process group, so that the children of a shell get the signal too
 */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
