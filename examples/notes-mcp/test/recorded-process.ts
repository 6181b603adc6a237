import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";

// Runs a command and writes down what it says on standard output, before its client reads it.
const [file = "", command = "", ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["inherit", "pipe", "inherit"] });
child.stdout.on("data", (chunk) => {
  appendFileSync(file, chunk);
  process.stdout.write(chunk);
});
child.once("close", (status) => process.exit(status ?? 1));
