import { DatabaseSync } from "node:sqlite";
import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { postgresUrl } from "../../packages/server/src/config/postgres-url.ts";
import { searchUsers } from "../../packages/server/src/core/people/search-users.ts";
import type { UserQuery } from "../../packages/server/src/core/people/user-search.ts";
import { cursorsOf } from "../../packages/server/src/http/admin/cursors.ts";
import { openStore, type Store } from "../../packages/server/src/store/store.ts";
import { Connection } from "../connection.ts";
import { quantile } from "../quantiles.ts";
import { bearerRequest, signIn } from "../requests.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { type Service, scratchFolder, startLatchkey } from "../service.ts";
import { startOn } from "../sized.ts";

/** Longest page of a search at the 99th percentile, in milliseconds. */
const goal = 50;

/** Every second address begins like the user name; every display name begins alike. One user in 100,000 is a rare one. */
const columns = `insert into users (id, username, username_key, email, email_key, display_name, display_key, roles,
  password_hash, active, revision, created_at)
  select 'user:' || name, name, name, address || '@example.com', address || '@example.com', 'Person ' || other,
    'person ' || other, case when n % 100000 = 7 then '["user","rare"]' else '["user"]' end, '$argon2id$',
    case when n % 100000 = 9 then 0 else 1 end, 0, 1700000000000`;

function fillSqlite(path: string, users: number): void {
  const database = new DatabaseSync(path);
  database.exec(`pragma synchronous = off; begin;
    with recursive series (n) as (select 1 union all select n + 1 from series where n < ${users}),
      names as materialized (
        select n, lower(hex(randomblob(6))) as name, lower(hex(randomblob(6))) as other from series),
      all_names as (select n, name, other, case when n % 2 = 0 then name else other end as address from names)
    ${columns} from all_names; commit; pragma wal_checkpoint(truncate); analyze`);
  database.close();
}

const fillPostgres = (users: number) => `
  with names as materialized (
      select n, substr(md5(n::text), 1, 12) as name, substr(md5('x' || n), 1, 12) as other
      from generate_series(1, ${users}) as n),
    all_names as (select n, name, other, case when n % 2 = 0 then name else other end as address from names)
  ${columns} from all_names`;

const hex = (length: number) =>
  Array.from({ length }, () => Math.floor(Math.random() * 16).toString(16)).join("");

const questions: readonly (readonly [string, () => Omit<UserQuery, "limit">])[] = [
  ["first page of the list", () => ({})],
  ["a page anywhere in the list", () => ({ after: { branch: 0, key: hex(12), id: "" } })],
  ["search of four characters", () => ({ search: hex(4) })],
  ["search of one character", () => ({ search: hex(1) })],
  ["search of one character, addresses", () => addresses(hex(1))],
  ["search of display names", () => ({ search: `person ${hex(3)}` })],
  ["search of nobody", () => ({ search: `nobody ${hex(3)}` })],
  ["a rare role", () => ({ role: "rare", after: { branch: 0, key: hex(12), id: "" } })],
  ["disabled users", () => ({ active: false, after: { branch: 0, key: hex(12), id: "" } })],
  ["confirmed addresses", () => ({ verified: true, after: { branch: 0, key: hex(12), id: "" } })],
  ["a rare role among display names", () => ({ search: "person", role: "rare" })],
];

/** Addresses that begin as a user name does are left out: the search has found them before. */
function addresses(search: string): Omit<UserQuery, "limit"> {
  return { search, after: { branch: 1, key: search, id: "" } };
}

/** Asks one question. */
type Ask = (query: Omit<UserQuery, "limit">) => Promise<unknown>;

async function rowsOf(ask: Ask, where: string, users: number, count: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [what, question] of questions) {
    const times: number[] = [];
    for (let n = -10; n < count; n++) {
      const query = question();
      const begun = performance.now();
      await ask(query);
      if (n >= 0) times.push(performance.now() - begun);
    }
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
    rows.push({
      what: `${what}, of ${shown(users, 0)} users, ${where}`,
      figure: `p50 ${shown(p50)} ms, p99 ${shown(p99)} ms`,
      limit: "–",
      ratio: "–",
      goal: `p99 under ${goal} ms`,
      met: p99 < goal,
    });
  }
  return rows;
}

const inProcess =
  ({ userSearch }: Store): Ask =>
  (query) =>
    searchUsers(userSearch, { ...query, limit: 100 });

/** The same pages through the administration of a server, whose administrator asks on one connection. */
async function rowsOverHttp(server: Service, engine: string, users: number, count: number): Promise<Row[]> {
  const [administrator] = await signIn(server.port, 1);
  const connection = await Connection.open(server.port);
  const ask: Ask = async ({ after, search, role, active, verified }) => {
    const filters = {
      ...(search !== undefined && { search }),
      ...(role !== undefined && { role }),
      ...(active !== undefined && { status: active ? "active" : "disabled" }),
      ...(verified !== undefined && { verified: String(verified) }),
    };
    const cursor = after && cursorsOf("users", filters).write([after.branch, after.key, after.id]);
    const query = new URLSearchParams({ ...filters, ...(cursor !== undefined && { cursor }) });
    const request = bearerRequest(`/admin/v1/users?${query}`, administrator?.access_token ?? "");
    const { status, body } = await connection.send(Buffer.from(request));
    if (status !== 200) throw new Error(`${query} answered ${status}: ${body}`);
  };
  try {
    return await rowsOf(ask, `${engine}, over HTTP`, users, count);
  } finally {
    connection.close();
  }
}

/** Pages of the list and of searches, of a million users, on both engines: in the store, and over HTTP. */
export const people: Measure = async ({ quick }) => {
  const users = quick ? 10_000 : 1_000_000;
  const count = quick ? 20 : 500;
  const onAudit = () => {};
  using folder = scratchFolder();
  const path = `${folder.path}/latchkey.db`;
  const options = { folder: folder.path, processor: 0 } as const;
  // The first start makes the schema, and the administrator.
  await (await startLatchkey(options))[Symbol.asyncDispose]();
  fillSqlite(path, users);
  const onSqlite = await openStore({ place: { engine: "sqlite", path }, onAudit });
  const rows = await rowsOf(inProcess(onSqlite), "SQLite", users, count);
  await onSqlite.close();
  {
    await using server = await startLatchkey(options);
    rows.push(...(await rowsOverHttp(server, "SQLite", users, count)));
  }

  const settings = { shared_buffers: "512MB", max_wal_size: "4GB" };
  await using postgres = await PostgresServer.make({ binaries: debianBinaries(), settings });
  const address = await postgres.database();
  const start = () => startOn(folder.path, address, {});
  await (await start())[Symbol.asyncDispose]();
  await postgres.query(fillPostgres(users), address);
  await postgres.query("vacuum analyze", address);
  const onPostgres = await openStore({ place: postgresUrl(address), timeout: 30_000, onAudit });
  rows.push(...(await rowsOf(inProcess(onPostgres), "PostgreSQL", users, count)));
  await onPostgres.close();
  await using server = await start();
  rows.push(...(await rowsOverHttp(server, "PostgreSQL", users, count)));
  return rows;
};
