import type { RowId } from "./contestant.ts";
import type { Column, ResultRow } from "./results.ts";
import { connections, paced } from "./rounds.ts";

interface MeasuredColumn extends Column {
  /** The name of its samples. */
  readonly figure: string;
}

interface MeasuredRow extends Pick<ResultRow, "id" | "title" | "how" | "better"> {
  readonly columns: readonly MeasuredColumn[];
  readonly limit?: string;
}

const rate = (id: RowId): readonly MeasuredColumn[] => [
  { figure: `${id}.rate`, name: "rate", unit: "/s" },
  { figure: `${id}.cost`, name: "processor time", unit: "µs each" },
  { figure: `${id}.p50`, name: "p50", unit: "ms" },
  { figure: `${id}.p99`, name: "p99", unit: "ms" },
];

/** The rows of the comparison. */
export const rows: readonly MeasuredRow[] = [
  {
    id: "login",
    title: "Logins",
    how: `${connections.login} callers with the right passwords of 64 people, in a closed loop.`,
    better: "more",
    columns: rate("login"),
    limit: "a loop that only checks our argon2id hash",
  },
  {
    id: "refresh",
    title: "Refreshes",
    how: `${connections.refresh} connections, each with its own session, in a closed loop.`,
    better: "more",
    columns: rate("refresh"),
    limit: "single appends to a file with fdatasync",
  },
  {
    id: "me",
    title: "Who am I",
    how: `${connections.me} connections, each with the token of another person, in a closed loop.`,
    better: "more",
    columns: rate("me"),
    limit: "a bare node:http server that sends the bytes of Latchkey",
  },
  {
    id: "storm",
    title: "Who am I, while logins run",
    how: `${paced} requests a second at planned times (an open loop), while ${connections.storm} callers log in without a pause. The product has one processor. Latency starts at the planned time.`,
    better: "less",
    columns: [
      { figure: "storm.stormed", name: "p99 in the storm", unit: "ms" },
      { figure: "storm.idle", name: "p99 without it", unit: "ms" },
    ],
  },
  {
    id: "start",
    title: "Start to first login",
    how: "From the start of the program, with existing data, to the response to the first login.",
    better: "less",
    columns: [{ figure: "start", name: "time", unit: "ms" }],
    limit: "a bare node:http server listens",
  },
  {
    id: "memory",
    title: "Memory",
    how: "Resident memory of the server's process, a few seconds after its first login, and after all rounds of this page.",
    better: "less",
    columns: [
      { figure: "memory.idle", name: "idle", unit: "MB" },
      { figure: "memory.loaded", name: "after the load", unit: "MB" },
    ],
  },
  {
    id: "bytes",
    title: "Bytes of a session",
    how: "The growth of the database by logins, and by refreshes, between two orderly stops.",
    better: "less",
    columns: [
      { figure: "bytes.login", name: "a login", unit: "bytes" },
      { figure: "bytes.refresh", name: "a refresh more", unit: "bytes" },
    ],
  },
];
