/** Time within which another process notices a change, in milliseconds. */
const noticeTime = 1_000;

/**
 * Repeats a check until it succeeds.
 *
 * @param condition its name, for the error
 * @param timeout in milliseconds
 * @param interval milliseconds between two checks. A check that costs much needs a longer one
 * @throws after the timeout
 */
export async function until(
  condition: string,
  holds: () => boolean | Promise<boolean>,
  timeout: number = noticeTime,
  interval = 20,
): Promise<void> {
  const deadline = performance.now() + timeout;
  for (;;) {
    // A check that began in time counts, however long a busy machine takes for it.
    const last = performance.now() > deadline;
    if (await holds()) return;
    if (last) throw new Error(`not within ${timeout} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
