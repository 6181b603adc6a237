import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { digestBytes, UnusableFilter } from "./format.ts";

/** The longest line, with its count. */
const mostLine = 80;

const hexDigits = digestBytes * 2;
const [newline, carriageReturn, colon, zero] = [10, 13, 58, 48];

/** The values of the hexadecimal digits by their character codes; 255 for other characters. */
const digits = Buffer.alloc(256, 255);
for (let value = 0; value < 16; value++) {
  for (const digit of [value.toString(16), value.toString(16).toUpperCase()])
    digits[digit.charCodeAt(0)] = value;
}

/**
 * Reads a file of SHA-1 hashes, one a line, each with `:` and the number of its occurrences or without. This is the form
 * of Have I Been Pwned. A file compressed by gzip is read too. Memory does not grow with the file.
 *
 * @param onHash gets a buffer that the next line overwrites, and the number (1 without one)
 * @throws {UnusableFilter} with the number of the first line that is something else, and without its text
 */
export async function readHashLines(
  path: string,
  onHash: (digest: Buffer, count: number) => void | Promise<void>,
): Promise<void> {
  const digest = Buffer.alloc(digestBytes);
  let line = 0;
  async function read(chunks: AsyncIterable<Buffer>): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of chunks) {
      const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = text.indexOf(newline); end !== -1; end = text.indexOf(newline, start)) {
        const waiting = readLine(text, start, end);
        if (waiting !== undefined) await waiting;
        start = end + 1;
      }
      rest = text.subarray(start);
      if (rest.length > mostLine) throw wrongLine(line + 1);
    }
    if (rest.length > 0) await readLine(rest, 0, rest.length);
  }

  function readLine(text: Buffer, start: number, lineEnd: number): void | Promise<void> {
    line++;
    const end = lineEnd > start && text[lineEnd - 1] === carriageReturn ? lineEnd - 1 : lineEnd;
    if (end === start) return undefined;
    if (end - start < hexDigits || end - start > mostLine) throw wrongLine(line);
    for (let at = 0; at < digestBytes; at++) {
      const high = digits[text[start + 2 * at] ?? 0] ?? 255;
      const low = digits[text[start + 2 * at + 1] ?? 0] ?? 255;
      if (high > 15 || low > 15) throw wrongLine(line);
      digest[at] = high * 16 + low;
    }
    const colonAt = start + hexDigits;
    return onHash(digest, colonAt === end ? 1 : countIn(text, colonAt, end));
  }

  function countIn(text: Buffer, colonAt: number, end: number): number {
    if (text[colonAt] !== colon || colonAt + 1 === end) throw wrongLine(line);
    let count = 0;
    for (let at = colonAt + 1; at < end; at++) {
      const digit = (text[at] ?? 0) - zero;
      if (digit < 0 || digit > 9) throw wrongLine(line);
      count = count * 10 + digit;
    }
    return count;
  }

  const file = createReadStream(path, { highWaterMark: 1_048_576 });
  if (await isCompressed(path)) await pipeline(file, createGunzip({ chunkSize: 1_048_576 }), read);
  else await pipeline(file, read);
}

async function isCompressed(path: string): Promise<boolean> {
  await using file = await open(path);
  const start = Buffer.alloc(2);
  await file.read(start, 0, 2, 0);
  return start.equals(Buffer.of(0x1f, 0x8b));
}

function wrongLine(line: number): UnusableFilter {
  return new UnusableFilter(
    `has no SHA-1 in line ${line}: each line is 40 hexadecimal digits, and may end with : and a number`,
  );
}
