import { chownSync } from "node:fs";

/** PostgreSQL refuses to run as root; nobody's account is on every machine. */
const nobody = { uid: 65_534, gid: 65_534 };

/** Under which account the engine runs, for `spawn`. */
export const engineUser: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? nobody : {};

/** Gives a file or folder to the engine. */
export function giveToEngine(path: string): void {
  if (engineUser.uid !== undefined) chownSync(path, nobody.uid, nobody.gid);
}
