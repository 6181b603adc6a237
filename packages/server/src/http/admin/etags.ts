import { LatchkeyError } from "../../core/errors.ts";

/** The strong entity tag of a version (RFC 9110 §8.8.3). */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The version that a change must find, by `If-Match` (RFC 9110 §13.1.1). The store compares it again in the step that
 * makes the change. A weak or malformed tag matches nothing: a change is refused rather than made on a guess.
 *
 * @param header the field, or undefined without one
 * @param current the version as it is now
 * @returns undefined if any version will do
 * @throws {LatchkeyError} `precondition_failed`
 */
export function expectedVersion(header: string | undefined, current: number): number | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  const tags = header.split(",").map((tag) => tag.trim());
  if (!tags.includes(etagOf(current))) throw new LatchkeyError("precondition_failed", { reason: "If-Match" });
  return current;
}
