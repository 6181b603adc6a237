import { LatchkeyError } from "../../core/errors.ts";

/** The strong entity tag of a version (RFC 9110 §8.8.3). */
export function etagOf(version: number | string): string {
  return `"${version}"`;
}

/**
 * The versions that a change may find, by `If-Match` (RFC 9110 §13.1.1). A weak or malformed tag matches nothing: a
 * change is refused rather than made on a guess.
 *
 * @returns undefined if any version will do
 */
export function acceptedVersions(header: string | undefined): readonly string[] | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  return header.split(",").flatMap((tag) => strongTag.exec(tag.trim())?.[1] ?? []);
}

const strongTag = /^"([\x21\x23-\x7e]+)"$/;

/**
 * The version of a user that a change must find, by `If-Match`. The store compares it again in the step that makes the
 * change.
 *
 * @param header the field, or undefined without one
 * @param current the version as it is now
 * @returns undefined if any version will do
 * @throws {LatchkeyError} `precondition_failed`
 */
export function expectedVersion(header: string | undefined, current: number): number | undefined {
  const versions = acceptedVersions(header);
  if (versions === undefined) return undefined;
  if (!versions.includes(String(current)))
    throw new LatchkeyError("precondition_failed", { reason: "If-Match" });
  return current;
}
