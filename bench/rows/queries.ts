import { setTimeout as delay } from "node:timers/promises";
import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { Connection } from "../connection.ts";
import { type CountingProxy, countingProxy } from "../counting-proxy.ts";
import { fillPostgres } from "../fill.ts";
import {
  bearerRequest,
  loginRequest,
  meRequest,
  refreshRequest,
  type Tokens,
  tradeRequest,
} from "../requests.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { scratchFolder } from "../service.ts";
import { cheapSecret, startOn } from "../sized.ts";

interface Counters {
  readonly statements: number;
  readonly transactions: number;
  readonly wal: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

/** The cost of an operation in PostgreSQL: statements, transactions, and bytes on the wire and in the log. */
export const queries: Measure = async ({ quick }) => {
  const count = quick ? 100 : 1000;
  using folder = scratchFolder();
  const secret = await cheapSecret();
  await using postgres = await PostgresServer.make({
    binaries: debianBinaries(),
    settings: { shared_preload_libraries: "pg_stat_statements", track_io_timing: "off" },
  });
  const address = await postgres.database();
  await postgres.query("create extension pg_stat_statements", address);
  using proxy = await countingProxy(postgres.port);
  const throughProxy = address.replace(`:${postgres.port}/`, `:${proxy.port}/`);
  await using server = await startOn(folder.path, throughProxy, {
    LATCHKEY_HASH_MEMORY: "8",
    LATCHKEY_HASH_ITERATIONS: "1",
    LATCHKEY_ALLOW_INSECURE: "hash",
  });
  await fillPostgres(address, { users: count, sessionsPerUser: 5, revocations: 0 }, secret);
  const connection = await Connection.open(server.port);

  async function send(request: string): Promise<Tokens> {
    const { status, body } = await connection.send(Buffer.from(request));
    if (status !== 200) throw new Error(`answered ${status}: ${body}`);
    return JSON.parse(body.toString());
  }
  const counters = () => countersOf(postgres, address, proxy);

  const tokens: Tokens[] = [];
  const users = Array.from({ length: count }, (_, n) => n);
  const operations: readonly (readonly [string, (n: number) => Promise<unknown>])[] = [
    ["login", async (n) => tokens.push(await send(loginRequest(`u${n}`, secret.password)))],
    [
      "me, of a user without a request in the last half second",
      (n) => send(meRequest(tokens[n]?.access_token ?? "")),
    ],
    ["refresh with a refresh token", (n) => send(refreshRequest(tokens[n]?.refresh_token ?? ""))],
    ["refresh with the current token", (n) => send(tradeRequest(tokens[n]?.access_token ?? ""))],
    [
      "logout",
      (n) => send(bearerRequest("/auth/logout", tokens[n]?.access_token ?? "").replace("GET", "POST")),
    ],
  ];
  // Every connection prepares each statement once. That must not count for an operation.
  for (let n = 0; n < 30; n++) await send(loginRequest(`u${n}`, secret.password));
  const rows: Row[] = [];
  for (const [name, operation] of operations) {
    const idle = await during(counters, () => delay(1000));
    const busy = await during(counters, async () => {
      for (const n of users) await operation(n);
    });
    rows.push(rowOf(name, perOperation(busy, idle, count)));
  }
  connection.close();
  return rows;
};

async function countersOf(
  postgres: PostgresServer,
  address: string,
  proxy: CountingProxy,
): Promise<Counters> {
  const [row] = await postgres.query(
    `select (select sum(calls) from pg_stat_statements where query not ilike 'begin' and query not ilike 'commit')::int as statements,
      (select sum(calls) from pg_stat_statements where query ilike 'begin')::int as transactions,
      (pg_current_wal_insert_lsn() - '0/0')::float8 as wal`,
    address,
  );
  return {
    statements: Number(row?.["statements"]),
    transactions: Number(row?.["transactions"]),
    wal: Number(row?.["wal"]),
    bytes: proxy.bytes(),
    milliseconds: performance.now(),
  };
}

async function during(counters: () => Promise<Counters>, work: () => Promise<void>): Promise<Counters> {
  const before = await counters();
  await work();
  const after = await counters();
  return {
    statements: after.statements - before.statements,
    transactions: after.transactions - before.transactions,
    wal: after.wal - before.wal,
    bytes: after.bytes - before.bytes,
    milliseconds: after.milliseconds - before.milliseconds,
  };
}

/** The counters of an operation, without the work of the idle server in the same time. */
function perOperation(busy: Counters, idle: Counters, count: number): Omit<Counters, "milliseconds"> {
  const share = busy.milliseconds / idle.milliseconds;
  const of = (name: "statements" | "transactions" | "wal" | "bytes") =>
    Math.max(0, (busy[name] - idle[name] * share) / count);
  return {
    statements: of("statements"),
    transactions: of("transactions"),
    wal: of("wal"),
    bytes: of("bytes"),
  };
}

function rowOf(name: string, { statements, transactions, wal, bytes }: Omit<Counters, "milliseconds">): Row {
  return {
    what: `PostgreSQL: ${name}`,
    figure: `${shown(statements, 1)} statements, ${shown(transactions, 1)} flushed transactions`,
    limit: `${shown(bytes, 0)} bytes on the wire`,
    ratio: `${shown(wal, 0)} bytes of write-ahead log`,
  };
}
