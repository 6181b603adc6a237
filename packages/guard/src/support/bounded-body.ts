/** A body was longer than anything that was asked for could be. */
export class BodyTooLong extends Error {}

/**
 * Reads a body as text, and no more of it than a bound: what was compressed counts as it unfolds.
 *
 * @param maxBytes the most that is taken
 * @throws {BodyTooLong} past it, and {TypeError} where it is not UTF-8
 */
export async function readText(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = response.body.getReader();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      // What is left of the body is nobody's any more, and whether letting go of it fails is no matter.
      reader.cancel().catch(() => {});
      throw new BodyTooLong(`more than ${maxBytes} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
