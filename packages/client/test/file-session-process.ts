// A command line with its session in a file. It prints a token for every line of its input.
import { createInterface } from "node:readline";
import { fileStore } from "../src/file.ts";
import { AuthClient } from "../src/index.ts";

const [baseURL = "", path = ""] = process.argv.slice(2);
const auth = new AuthClient({ baseURL, store: fileStore(path) });
process.stdout.write("ready\n");
for await (const _line of createInterface({ input: process.stdin })) {
  const outcome = await auth.token().catch((error: unknown) => String(error));
  process.stdout.write(`${outcome}\n`);
}
