/**
 * The body of an HTTP/1.1 response that ends with the received bytes (RFC 9112 §6.3).
 *
 * @param rest the bytes after the head
 * @returns undefined while bytes are missing
 * @throws if bytes follow the body, or if the head gives neither a length nor chunks
 */
export function messageBody(head: string, rest: Buffer): Buffer | undefined {
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return chunkedBody(rest);
  const length = Number(
    /\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? (/ 204 /.test(head) ? 0 : Number.NaN),
  );
  if (rest.length < length) return undefined;
  if (rest.length !== length) throw new Error(`not exactly one response:\n${head}`);
  return rest;
}

/** RFC 9112 §7.1, without trailers. */
function chunkedBody(rest: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(rest.toString("latin1", at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return undefined;
    if (size === 0) {
      if (rest.length !== next) throw new Error("not exactly one response in chunks");
      return Buffer.concat(chunks);
    }
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}
