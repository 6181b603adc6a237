// Internal to Latchkey's own packages: this subpath may change in any version.

/** A body was longer than its bound. */
export class BodyTooLong extends Error {
  /** @param maxBytes the bound */
  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes`);
  }
}

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
  try {
    return await collect(chunksOf(reader), maxBytes);
  } catch (error) {
    // The rest of the body is not needed, so a failure to cancel it changes nothing.
    reader.cancel().catch(() => {});
    throw error;
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

/**
 * Joins chunks up to a bound, also those of a Node stream.
 *
 * @throws {BodyTooLong} if there are more than `maxBytes`
 * @throws {TypeError} if a chunk is not bytes, because the stream was set to text
 */
export async function collect(
  chunks: AsyncIterable<unknown> | Iterable<unknown>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("an earlier middleware has set the body to text");
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new BodyTooLong(maxBytes);
    parts.push(chunk);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** Not every platform can iterate over a stream itself. */
async function* chunksOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
