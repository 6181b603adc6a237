import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { inject } from "vitest";

let asked: Promise<string> | undefined;

/** The address of the administrator's database. The first call of a run starts the suite's PostgreSQL. */
export function suitePostgres(): Promise<string> {
  asked ??= ask(inject("postgresStarter"));
  return asked;
}

async function ask(starter: string): Promise<string> {
  const response = await fetch(starter);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

let made = 0;

/**
 * Makes a database on the suite's PostgreSQL. Its files are copied, which takes half the time of a copy through the
 * write-ahead log.
 *
 * @param template address of a database without connections, to be copied. Default: an empty one
 * @returns its address
 */
export async function newDatabase(template?: string): Promise<string> {
  const administration = await suitePostgres();
  const name = `t${process.pid}_${Math.random().toString(36).slice(2)}_${made++}`;
  const source = template === undefined ? "template1" : new URL(template).pathname.slice(1);
  await queryAt(administration, `create database ${name} template ${source} strategy file_copy`);
  return administration.replace(/\/postgres$/, `/${name}`);
}
