import { holdsPassword } from "../config/postgres-url.ts";
import { LostFileError } from "../config/secret-file.ts";
import { SettingProblem } from "../config/setting-text.ts";
import { LatchkeyError } from "../core/errors.ts";
import { RefusedChange } from "../core/refused-change.ts";
import { SealedKeyError } from "../core/tokens/signing-keys.ts";
import { RealmMisconfigured } from "../identity/keycloak/realm-errors.ts";
import { UnusableDatabaseError } from "../store/database.ts";

/**
 * A command line that was not understood. Nothing was done. The message is one line with the cause and the cure. It may
 * repeat an argument, so an address with a password is left out.
 */
export class UsageProblem extends Error {
  constructor(message: string) {
    const addresses = /\S*postgres(?:ql)?:(?:.*@\S*|\S*)/gi;
    super(message.replaceAll(addresses, (found) => (holdsPassword(found) ? "postgres://…" : found)));
  }
}

/** A command that was understood and refused. The message is one line with the cause and the cure. */
export class CommandProblem extends Error {}

/** The exit status for an error: 2 for a command line that was not understood, else 1. */
export function exitStatusOf(error: unknown): number {
  return error instanceof UsageProblem ? 2 : 1;
}

/** Reads an argument by the rules of settings. @throws {UsageProblem} with the name of the argument and the cause */
export function readArgument<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof SettingProblem ? new UsageProblem(`${name}: ${error.message}`) : error;
  }
}

const expected = [
  UsageProblem,
  CommandProblem,
  SettingProblem,
  RefusedChange,
  SealedKeyError,
  LostFileError,
  UnusableDatabaseError,
  RealmMisconfigured,
];

/** An error in one line, with its cause and its cure. Undefined for an unexpected error. */
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
    return `${address} is not an address of this machine: choose another with --host`;
  if (code === "EACCES" && port !== undefined) {
    return `port ${port} needs more privileges: choose a port above 1023 with --port`;
  }
  if (code === "ENOTFOUND") return "the host name is unknown: choose another with --host";
  if (path !== undefined && /^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST|ENOENT)$/.test(code)) {
    return `cannot write ${path} (${code}): make it writable, or choose another path with --database`;
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
