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
