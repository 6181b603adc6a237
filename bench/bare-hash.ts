import { text } from "node:stream/consumers";
import { settings } from "../packages/server/src/config/settings.ts";
import { argon2id } from "../packages/server/src/core/passwords/passwords.ts";

/** The ceiling of logins: a process that only checks one password repeatedly. */
const { seconds, concurrency }: { seconds: number; concurrency: number } = JSON.parse(
  await text(process.stdin),
);
const phc = await argon2id.hash("password", {
  memory: Number(settings.hashMemory.fallback),
  iterations: Number(settings.hashIterations.fallback),
  parallelism: 1,
});
let checks = 0;
const start = performance.now();
const end = start + seconds * 1000;

async function check(): Promise<void> {
  while (performance.now() < end) {
    if (!(await argon2id.verify(phc, "password"))) throw new Error("the right password is refused");
    checks++;
  }
}

await Promise.all(Array.from({ length: concurrency }, check));
process.stdout.write(JSON.stringify({ perSecond: checks / ((performance.now() - start) / 1000) }));
