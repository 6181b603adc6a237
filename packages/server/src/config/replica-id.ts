import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { SettingProblem } from "./setting-text.ts";

/** Longest id, in characters. Every log line and every audit event holds it. */
const longest = 64;

/** Reads the id of a replica. Its characters are safe in a log line, a label of a metric and a file name. */
export function replicaId(given: string): string {
  if (given.length <= longest && /^[a-z\d]([\w.-]*[a-z\d])?$/i.test(given)) return given;
  throw new SettingProblem(
    `expected a name such as latchkey-1: up to ${longest} letters, digits and _ . -, with a letter or digit at both ends`,
  );
}

/**
 * Makes an id for this process: the host's name and six random digits. In a container every process has the number 1,
 * and two processes on one machine share its name, so only chance separates them.
 *
 * @param host the name of this machine; its domain is left out
 */
export function generatedReplicaId(host: string = hostname()): string {
  const random = randomBytes(3).toString("hex");
  const [name = ""] = host.split(".");
  const safe = name.replaceAll(/[^a-z\d-]+/gi, "-").slice(0, longest - random.length - 1);
  return `${safe.replaceAll(/^-+|-+$/g, "") || "latchkey"}-${random}`;
}
