/** The condition did not become true in time. */
class TooLate extends Error {}

/** Others may take what they were told as long as this to notice, in milliseconds. */
const noticeTime = 1_000;

/**
 * Asks again and again until the answer is yes.
 *
 * @param patience milliseconds after which it is too late
 * @throws {TooLate} naming what did not happen
 */
export async function until(
  what: string,
  happened: () => boolean | Promise<boolean>,
  patience: number = noticeTime,
): Promise<void> {
  const deadline = performance.now() + patience;
  for (;;) {
    // An answer that was asked for in time counts, however long the machine took to give it.
    const last = performance.now() > deadline;
    if (await happened()) return;
    if (last) throw new TooLate(`not within ${patience} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
