#!/usr/bin/env node
// Plain JavaScript, because its settings must be in effect before the first TypeScript file is loaded.
//
// The line above has no options of Node: `env` of BusyBox, such as on Alpine, does not know `-S`.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

// Older ones bind the named values of SQL statements wrongly.
const oldest = { major: 24, minor: 8 };
const { node } = process.versions;
const [major = 0, minor = 0] = node.split(".").map(Number);
if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
  process.stderr.write(
    `latchkey: this is Node ${node}, but Latchkey needs Node ${oldest.major}.${oldest.minor} or newer: ` +
      "install it, or run `npx -p node@24 -p latchkey latchkey`; in a clone, `npx latchkey` finds it\n",
  );
  process.exit(1);
}
const { enableCompileCache } = await import("node:module");

// The second start skips stripping and compiling TypeScript. It is faster, and needs some 30 MB less. In a folder that
// this user cannot write to, Node goes on without a cache. A folder for all users, such as `/tmp`, would let another
// user put code there.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("../node_modules/.cache", import.meta.url));

// One thread per concurrent hash, and four more for signature checks, files and host names, which would otherwise queue
// behind the hashes. libuv reads the size at the first use of its pool.
const flag = process.argv.join(" ").match(/--hash-concurrency[= ](\d+)/)?.[1];
const hashes = Number(flag ?? process.env.LATCHKEY_HASH_CONCURRENCY) || availableParallelism();
process.env.UV_THREADPOOL_SIZE ??= String(hashes + 4);

// Only the user of the server may read or write the database, its secret and the cache.
process.umask(0o077);
enableCompileCache(process.env.NODE_COMPILE_CACHE);

const { runCommand } = await import("../src/main.ts");
await runCommand(process.argv.slice(2));
