import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";

/** The ceilings of durable writes, one at a time: flushed appends, and commits of SQLite. */
export interface DiskReport {
  readonly appendsPerSecond: number;
  readonly commitsPerSecond: number;
}

const { folder, seconds }: { folder: string; seconds: number } = JSON.parse(await text(process.stdin));

function perSecond(work: () => void): number {
  let count = 0;
  const start = performance.now();
  for (; performance.now() - start < seconds * 1000; count++) work();
  return count / ((performance.now() - start) / 1000);
}

const file = openSync(`${folder}/append`, "a");
const line = Buffer.alloc(512, "x");
const appendsPerSecond = perSecond(() => {
  writeSync(file, line);
  fdatasyncSync(file);
});
closeSync(file);

const database = new DatabaseSync(`${folder}/commits.db`);
database.exec("pragma journal_mode = wal; pragma synchronous = full");
database.exec("create table if not exists t (id integer primary key, at integer) strict");
database.exec("insert or ignore into t values (1, 0)");
const update = database.prepare("update t set at = at + 1 where id = 1");
const commitsPerSecond = perSecond(() => update.run());
database.close();

process.stdout.write(JSON.stringify({ appendsPerSecond, commitsPerSecond } satisfies DiskReport));
