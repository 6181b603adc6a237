/** A body was longer than its bound. */
export class BodyTooLong extends Error {}

/** A request or a response, as far as its body goes. */
export interface WithBody {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
}

/**
 * Reads a body up to a bound, and stops the sender beyond it. A compressed body counts as it unfolds.
 *
 * @throws {BodyTooLong} if there are more than `maxBytes`
 */
export async function readBytes({ body }: WithBody, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      // The rest of the body is not needed, so a failure to cancel it changes nothing.
      reader.cancel().catch(() => {});
      throw new BodyTooLong(`more than ${maxBytes} bytes`);
    }
    parts.push(value);
  }
}

/**
 * The same for text.
 *
 * @throws {BodyTooLong} if there are more than `maxBytes`
 * @throws {TypeError} if the body is not UTF-8
 */
export async function readText(message: WithBody, maxBytes: number): Promise<string> {
  return new TextDecoder("utf-8", { fatal: true }).decode(await readBytes(message, maxBytes));
}
