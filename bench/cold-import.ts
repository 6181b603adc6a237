import { text } from "node:stream/consumers";

/** Imports a module, given by its address, into a fresh process; reports the milliseconds that this took. */
const address: string = JSON.parse(await text(process.stdin));
const start = performance.now();
await import(address);
process.stdout.write(JSON.stringify(performance.now() - start));
