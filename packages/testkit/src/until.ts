/** Time within which another process notices a change, in milliseconds. */
const noticeTime = 1_000;

/**
 * Repeats a check until it succeeds.
 *
 * @param timeout in milliseconds
 * @throws with the name of the condition
 */
export async function until(
  what: string,
  happened: () => boolean | Promise<boolean>,
  timeout: number = noticeTime,
): Promise<void> {
  const deadline = performance.now() + timeout;
  for (;;) {
    // A check that began in time counts, however long a busy machine takes for it.
    const last = performance.now() > deadline;
    if (await happened()) return;
    if (last) throw new Error(`not within ${timeout} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
