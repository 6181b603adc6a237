import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";

// Runs a command and records its standard output before the client reads it.
const [file = "", command = "", ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["inherit", "pipe", "inherit"] });
child.stdout.on("data", (chunk) => {
  appendFileSync(file, chunk);
  process.stdout.write(chunk);
});
child.once("close", (status) => process.exit(status ?? 1));
