import { type FileHandle, open } from "node:fs/promises";
import {
  addTo,
  blockBytes,
  blockOf,
  digestBytes,
  type FilterSize,
  headerOf,
  sealBlock,
  sizeFor,
  UnusableFilter,
} from "./format.ts";
import { readHashLines } from "./hash-lines.ts";

/** The options of a build. */
export interface BuildOptions {
  /** Passwords that were seen less often are left out. */
  readonly atLeast?: number;
  /** Blocks in memory at once. */
  readonly segmentBlocks?: number;
}

/** 256 MiB. */
const usualSegment = 4_194_304;

/**
 * Builds a breach filter from a file of hashes. The first pass counts them. If they are in ascending order, then a second
 * pass fills the blocks in order. Otherwise each segment of the filter takes a pass. Memory is one segment.
 *
 * @param to is written from its first byte to its last, also if it exists
 * @throws {UnusableFilter} if the file of hashes has another form or no hash
 */
export async function buildFilter(from: string, to: string, options: BuildOptions = {}): Promise<FilterSize> {
  const { atLeast = 1, segmentBlocks = usualSegment } = options;
  const { count, ordered } = await countHashes(from, atLeast);
  if (count === 0) throw new UnusableFilter(`has no hash that was seen ${atLeast} times or more`);
  const size = sizeFor(count);
  await using file = await open(to, "w");
  await file.write(headerOf(size), 0, blockBytes, 0);
  const segment = new Segment(file, Math.min(segmentBlocks, size.blocks), size.blocks);
  while (segment.isInFile) {
    await readHashLines(from, (digest, seen) => {
      if (seen < atLeast) return undefined;
      const block = blockOf(digest, size.blocks);
      if (segment.has(block)) return segment.add(block, digest);
      // A segment that is passed in order is complete.
      return ordered ? segment.moveTo(block).then(() => segment.add(block, digest)) : undefined;
    });
    await segment.moveOn();
  }
  return size;
}

async function countHashes(from: string, atLeast: number): Promise<{ count: number; ordered: boolean }> {
  const last = Buffer.alloc(digestBytes);
  let [count, ordered] = [0, true];
  await readHashLines(from, (digest, seen) => {
    if (seen < atLeast) return;
    count++;
    if (ordered && digest.compare(last) < 0) ordered = false;
    digest.copy(last);
  });
  return { count, ordered };
}

/** The part of the filter that is in memory. */
class Segment {
  readonly #file: FileHandle;
  readonly #blocks: Buffer;
  readonly #all: number;
  #first = 0;

  constructor(file: FileHandle, blocks: number, all: number) {
    this.#file = file;
    this.#blocks = Buffer.alloc(blocks * blockBytes);
    this.#all = all;
  }

  get isInFile(): boolean {
    return this.#first < this.#all;
  }

  get #end(): number {
    return Math.min(this.#first + this.#blocks.length / blockBytes, this.#all);
  }

  has(block: number): boolean {
    return block >= this.#first && block < this.#end;
  }

  add(block: number, digest: Buffer): void {
    addTo(this.#blocks, (block - this.#first) * blockBytes, digest);
  }

  /** Writes the segments before the one of a block. A block behind this one stays as it is. */
  async moveTo(block: number): Promise<void> {
    while (block >= this.#end && this.isInFile) await this.moveOn();
  }

  /** Writes this segment and begins the next one. */
  async moveOn(): Promise<void> {
    const length = (this.#end - this.#first) * blockBytes;
    for (let start = 0; start < length; start += blockBytes)
      sealBlock(this.#blocks.subarray(start, start + blockBytes));
    // The header is one block.
    const position = (this.#first + 1) * blockBytes;
    for (let written = 0; written < length; ) {
      const { bytesWritten } = await this.#file.write(
        this.#blocks,
        written,
        length - written,
        position + written,
      );
      written += bytesWritten;
    }
    this.#first = this.#end;
    this.#blocks.fill(0);
  }
}
