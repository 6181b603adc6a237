import { SettingProblem } from "./setting-problem.ts";
import { assertPlain } from "./setting-text.ts";

/** Decodes UTF-8, without a byte order mark. @throws {SettingProblem} naming the encoding that is likely, if any */
export function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.includes(0) || (bytes.length > 1 && /^(?:fffe|feff)/.test(hexOf(bytes))))
    throw new SettingProblem(
      "it is not UTF-8 but looks like UTF-16: save it as UTF-8, in PowerShell with `-Encoding utf8`",
    );
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SettingProblem("it is not UTF-8 (Latin-1?): save it as UTF-8");
  }
}

/**
 * The first line of bytes in UTF-8. A line ends with LF or CRLF.
 *
 * @throws {SettingProblem} for bytes that are not UTF-8, and for control characters, a lone CR among them
 */
export function firstLineOf(bytes: Uint8Array): string {
  const [line = ""] = decodeUtf8(bytes).split(/\r?\n/, 1);
  assertPlain(line);
  return line;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 2)).toString("hex");
}
