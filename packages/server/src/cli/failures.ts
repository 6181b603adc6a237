import { LatchkeyError } from "../core/errors.ts";
import { PersonProblem } from "../core/people.ts";
import { SealedKeyError } from "../core/signing-keys.ts";
import { RealmMisconfigured } from "../identity/keycloak/realm-errors.ts";
import { LostDatabaseError, LostSecretError } from "../secret-file.ts";
import { SettingProblem } from "../setting-problem.ts";
import { UnusableDatabaseError } from "../store/unusable-database.ts";

/** A command that was not understood. The message is one line that says what would do. */
export class UsageProblem extends Error {}

const expected = [
  UsageProblem,
  SettingProblem,
  PersonProblem,
  SealedKeyError,
  LostSecretError,
  LostDatabaseError,
  UnusableDatabaseError,
  RealmMisconfigured,
];

/** What went wrong, in one line that says what to do; undefined for what nobody foresaw. */
export function explain(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (expected.some((kind) => error instanceof kind)) return error.message;
  if (error instanceof LatchkeyError && error.reason !== undefined)
    return `${error.message} (${error.reason})`;
  const { code, address, port, path } = systemFields(error);
  if (code === "EADDRINUSE") {
    return `port ${port} on ${address} is in use: stop the other program, or choose another port with --port`;
  }
  if (code === "EADDRNOTAVAIL")
    return `${address} does not belong to this machine: choose another with --host`;
  if (code === "EACCES" && port !== undefined) {
    return `port ${port} needs more rights: choose one above 1023 with --port`;
  }
  if (code === "ENOTFOUND") return "the host name is not known: choose another with --host";
  if (path !== undefined && /^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST|ENOENT)$/.test(code)) {
    return `cannot write ${path} (${code}): make it writable, or choose another place with --database`;
  }
  return undefined;
}

function systemFields(error: object) {
  const field = (name: string): string | undefined => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  };
  return { code: field("code") ?? "", address: field("address"), port: field("port"), path: field("path") };
}
