import type { ClientBase } from "pg";

/** The time by the server's own clock, in whole milliseconds since the epoch. */
export async function timeOf(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ now: number }>(
    "select (extract(epoch from clock_timestamp()) * 1000)::float8 as now",
  );
  const [row] = rows;
  if (row === undefined) throw new Error("no answer");
  return Math.floor(row.now);
}
