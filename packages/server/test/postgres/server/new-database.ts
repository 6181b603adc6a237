import { queryAt } from "./postgres-server.ts";
import { suitePostgres } from "./suite-postgres.ts";

let made = 0;

/** Makes an empty database on the suite's PostgreSQL. @returns its address */
export async function newDatabase(): Promise<string> {
  const administration = await suitePostgres();
  const name = `t${process.pid}_${Math.random().toString(36).slice(2)}_${made++}`;
  await queryAt(administration, `create database ${name}`);
  return administration.replace(/\/postgres$/, `/${name}`);
}
