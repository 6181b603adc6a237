import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { settlesWithin } from "@latchkey/guard/timers";
import type { BreachCheck } from "../../core/passwords/policy.ts";
import { blockBytes, blockOf, type FilterSize, mayHave, readHeader, UnusableFilter } from "./format.ts";

/** How long the file may take to answer, in milliseconds. A file system of the network can hang. */
const timeout = 2_000;

/** @throws {UnusableFilter} if the file is something else or damaged; an error of the system if it cannot be read */
export async function assertUsableFilter(path: string): Promise<FilterSize> {
  await using file = await open(path);
  // The file stays open until its header is read.
  return await sizeOf(file);
}

/**
 * The check against a breach filter. Each question opens the file and reads two blocks of it. So a new
 * file counts at once, and the filter takes no memory.
 *
 * @param onUnavailable gets the cause
 */
export function filterCheck(path: string, onUnavailable: (cause: string) => void): BreachCheck {
  return async function checkFilter(password) {
    try {
      const answer = isInFile(path, password);
      if (!(await settlesWithin(answer, timeout))) throw new Error(`no answer within ${timeout} ms`);
      return (await answer) ? "breached" : "unknown";
    } catch (error) {
      onUnavailable(`${path}: ${error instanceof Error ? error.message : error}`);
      return "unavailable";
    }
  };
}

async function isInFile(path: string, password: string): Promise<boolean> {
  await using file = await open(path);
  const { blocks } = await sizeOf(file);
  const digest = createHash("sha1").update(password).digest();
  return mayHave(await readBlock(file, 1 + blockOf(digest, blocks)), digest);
}

async function sizeOf(file: FileHandle): Promise<FilterSize> {
  const stat = await file.stat();
  if (!stat.isFile()) throw new UnusableFilter("is not a file");
  return readHeader(await readBlock(file, 0), stat.size);
}

async function readBlock(file: FileHandle, block: number): Promise<Buffer> {
  const content = Buffer.alloc(blockBytes);
  const { bytesRead } = await file.read(content, 0, blockBytes, block * blockBytes);
  return content.subarray(0, bytesRead);
}
