import { text } from "node:stream/consumers";

/** Imports a module by its URL into a new process. Reports the duration in milliseconds. */
const address: string = JSON.parse(await text(process.stdin));
const start = performance.now();
await import(address);
process.stdout.write(JSON.stringify(performance.now() - start));
