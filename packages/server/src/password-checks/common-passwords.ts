import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/**
 * Django's list of 19,640 common passwords, in lower case. Some of them would take so many guesses by the estimate alone
 * that it lets them pass.
 */
export function commonPasswords(): ReadonlySet<string> {
  const packed = readFileSync(new URL("./common-passwords.txt.gz", import.meta.url));
  return new Set(gunzipSync(packed).toString().trimEnd().split("\n"));
}
