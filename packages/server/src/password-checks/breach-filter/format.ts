import { crc32 } from "node:zlib";

/**
 * The breach filter: a Bloom filter in blocks. A file is a list of blocks of 64 bytes. Each has 60 bytes of content and
 * their CRC-32, so a block that is damaged on disk is noticed when it is read. All numbers are big-endian.
 *
 * The first block is the header: 16 bytes `LATCHKEY-BREACH\n`, the version 1 in 4 bytes, and 4 zero bytes. The number of
 * passwords and the number of further blocks follow in 8 bytes each; the rest is zero. Each further block has 480 bits of the
 * filter. A password is the SHA-1 of its NFKC text in UTF-8. The first 32 bits of the hash choose the block in
 * proportion, so hashes in ascending order fill the blocks in order. The other eight pairs of bytes, modulo 480, choose
 * eight bits of the block.
 *
 * One block answers a question, so the file is never loaded. The known libraries keep a whole filter in memory, both to
 * build it and to ask it.
 */
export const blockBytes = 64;

const contentBytes = 60;
const bitsOfBlock = contentBytes * 8;
const version = 1;
const magic = Buffer.from("LATCHKEY-BREACH\n");

/** Bits for each password. One of some 1,000 passwords that are not in the filter is refused by chance. */
const bitsOfPassword = 16;

/** Bytes of a SHA-1. */
export const digestBytes = 20;

/** The content of a header. */
export interface FilterSize {
  readonly passwords: number;
  /** Without the header. */
  readonly blocks: number;
}

/** The file is not a breach filter of this version, or it is damaged. The message ends a sentence about the file. */
export class UnusableFilter extends Error {}

/** The size of a filter for so many passwords. */
export function sizeFor(passwords: number): FilterSize {
  return { passwords, blocks: Math.max(1, Math.ceil((passwords * bitsOfPassword) / bitsOfBlock)) };
}

/** The bytes of a whole file. */
export function fileBytes({ blocks }: FilterSize): number {
  return (blocks + 1) * blockBytes;
}

/** The first block of a filter. */
export function headerOf({ passwords, blocks }: FilterSize): Buffer {
  const header = Buffer.alloc(blockBytes);
  magic.copy(header);
  header.writeUInt32BE(version, 16);
  header.writeBigUInt64BE(BigInt(passwords), 24);
  header.writeBigUInt64BE(BigInt(blocks), 32);
  sealBlock(header);
  return header;
}

/**
 * Reads a header.
 *
 * @param length bytes of the whole file
 * @throws {UnusableFilter}
 */
export function readHeader(header: Buffer, length: number): FilterSize {
  if (header.length < blockBytes || !header.subarray(0, magic.length).equals(magic))
    throw new UnusableFilter("is not a breach filter: `latchkey breaches build` makes one");
  const found = header.readUInt32BE(16);
  if (found !== version)
    throw new UnusableFilter(
      `is a breach filter of version ${found}, and this server reads version ${version}: build it again`,
    );
  assertWhole(header);
  const size = {
    passwords: Number(header.readBigUInt64BE(24)),
    blocks: Number(header.readBigUInt64BE(32)),
  };
  if (length !== fileBytes(size))
    throw new UnusableFilter(`has ${length} of ${fileBytes(size)} bytes: copy it again, or build it again`);
  return size;
}

/** The block of a hash. It grows with the hash. */
export function blockOf(digest: Buffer, blocks: number): number {
  // In two halves: the product of 32 bits and the number of blocks would not fit into a double.
  const low = Math.floor((digest.readUInt16BE(2) * blocks) / 65_536);
  return Math.floor((digest.readUInt16BE(0) * blocks + low) / 65_536);
}

/** Adds a hash to a block that begins at `start`. */
export function addTo(blocks: Buffer, start: number, digest: Buffer): void {
  for (let at = 4; at < digestBytes; at += 2) {
    const bit = digest.readUInt16BE(at) % bitsOfBlock;
    const byte = start + (bit >> 3);
    blocks[byte] = (blocks[byte] ?? 0) | (1 << (bit & 7));
  }
}

/** Whether a block may have a hash. @throws {UnusableFilter} if the block is damaged */
export function mayHave(block: Buffer, digest: Buffer): boolean {
  assertWhole(block);
  for (let at = 4; at < digestBytes; at += 2) {
    const bit = digest.readUInt16BE(at) % bitsOfBlock;
    if (((block[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** Writes the checksum of a complete block. */
export function sealBlock(block: Buffer): void {
  block.writeUInt32BE(crc32(block.subarray(0, contentBytes)), contentBytes);
}

function assertWhole(block: Buffer): void {
  if (
    block.length !== blockBytes ||
    block.readUInt32BE(contentBytes) !== crc32(block.subarray(0, contentBytes))
  )
    throw new UnusableFilter("is damaged: copy it again, or build it again");
}
