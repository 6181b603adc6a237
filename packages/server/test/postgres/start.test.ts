import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { me, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectRefusal, expectUsageError } from "../process/refusal.ts";
import { replica, replicaEnvironment } from "./replica.ts";
import { type Certificates, makeCertificates } from "./server/certificates.ts";

const place = new Place();
let postgres: PostgresServer;
let certificates: Certificates;

beforeAll(async () => {
  postgres = await PostgresServer.make({ binaries: debianBinaries() });
  certificates = makeCertificates(postgres.folder);
  postgres.configure({ ssl: "on", ssl_cert_file: certificates.server, ssl_key_file: certificates.key });
  await postgres.restart();
});
afterAll(() => postgres[Symbol.asyncDispose]());

/** Runs a `latchkey serve` that is expected to fail. */
const refusal = (database: string, args: readonly string[] = []) =>
  place.latchkey(["serve", "--port", "0", ...args], { env: replicaEnvironment(database) });

describe("with PostgreSQL the server does not start, and prints cause and cure, if", () => {
  test.for<[string, () => Promise<string> | string, RegExp]>([
    [
      "the password is wrong",
      () => postgres.address("postgres").replace(/:[^:@]*@/, ":hunter2@"),
      /the password is wrong: correct LATCHKEY_DATABASE/,
    ],
    [
      "the database does not exist",
      () => postgres.address("nowhere"),
      /the database does not exist: create it with `createdb`/,
    ],
    [
      "all connections that the role may have are in use",
      async () => {
        await postgres.query("create role crowded login password 'crowded' connection limit 0");
        return postgres.address("postgres").replace(/\/\/.*@/, "//crowded:crowded@");
      },
      /all connections that .* may have are in use: raise the limit, or lower LATCHKEY_DATABASE_POOL/,
    ],
    [
      "no server listens at the address",
      () => postgres.address("postgres", { port: 1 }),
      /ECONNREFUSED.*: start it, or correct LATCHKEY_DATABASE/,
    ],
    [
      "the certificate's authority is not trusted",
      () => postgres.address("postgres", { parameters: "?sslmode=verify-full" }),
      /certificate is not trusted.*sslrootcert=FILE/,
    ],
    [
      "the certificate belongs to another host",
      () =>
        postgres
          .address("postgres", { parameters: `?sslmode=verify-full&sslrootcert=${certificates.authority}` })
          .replace("127.0.0.1", "localhost"),
      /certificate is not trusted/,
    ],
    [
      "the file of the authority is missing",
      () => postgres.address("postgres", { parameters: "?sslmode=verify-full&sslrootcert=/nowhere.pem" }),
      /cannot read \/nowhere\.pem/,
    ],
  ])("%s", async ([, address, said]) => {
    const result = await refusal(await address());
    expectRefusal(result, said);
    expect(result.stderr).not.toContain("hunter2");
    expect(result.stderr).not.toContain("only for tests");
  });

  test("the arguments contain a password", async () => {
    const result = await refusal("", ["--database", postgres.address("postgres")]);
    expectUsageError(
      result,
      /the password in --database would be visible in the process list: set LATCHKEY_DATABASE/,
    );
  });

  test("the secret is missing", async () => {
    const env = { ...replicaEnvironment(await postgres.database()), LATCHKEY_SECRET: "" };
    expectRefusal(
      await place.latchkey(["serve", "--port", "0"], { env }),
      /LATCHKEY_SECRET must be set with PostgreSQL/,
    );
  });

  test("the secret is not the database's", async () => {
    const database = await postgres.database();
    await (await replica(place, database)).stop();
    const env = { ...replicaEnvironment(database), LATCHKEY_SECRET: "another secret that is long enough" };
    expectRefusal(
      await place.latchkey(["serve", "--port", "0"], { env }),
      /not the secret that the database was made with/,
    );
  });
});

test.for([
  ["channel_binding=require", "?sslmode=require&channel_binding=require"],
  ["sslmode=prefer", "?sslmode=prefer"],
  ["options", "?sslmode=require&options=-c%20geqo%3Doff"],
])("an address with %s, as providers hand it out, works", async ([, parameters]) => {
  const server = await replica(place, `${await postgres.database()}${parameters}`);
  await signIn(server.url, "admin", adminPassword);
  await server.stop();
});

test("channel_binding=require refuses a server that does not offer it", async () => {
  await postgres.query("create role plain login password 'hunter2' superuser");
  await postgres.query("select pg_reload_conf()");
  const hba = join(postgres.data, "pg_hba.conf");
  writeFileSync(hba, `hostssl all plain all password\n${readFileSync(hba, "utf8")}`);
  await postgres.query("select pg_reload_conf()");
  const address = postgres.address("postgres").replace(/\/\/.*@/, "//plain:hunter2@");
  await (await replica(place, `${address}?sslmode=require`)).stop();
  const result = await refusal(`${address}?sslmode=require&channel_binding=require`);
  expectRefusal(result, /does not offer channel binding/);
  expect(result.stderr).not.toContain("start it");
});

test.for(["require", "verify-ca", "verify-full"])("users sign in over TLS with sslmode=%s", async (mode) => {
  const database = await postgres.database();
  await postgres.query("select pg_reload_conf()");
  const parameters = `?sslmode=${mode}&sslrootcert=${certificates.authority}`;
  const server = await replica(place, `${database}${parameters}`);
  const { access } = await signIn(server.url, "admin", adminPassword);
  expect((await me(server.url, access)).status).toBe(200);
  const [connections] = await postgres.query(
    "select count(*)::int as all, count(*) filter (where ssl)::int as encrypted from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'latchkey'",
  );
  expect(connections?.["encrypted"]).toBe(connections?.["all"]);
  expect(connections?.["all"]).toBeGreaterThan(0);
  expect(server.stdout()).not.toContain("only for tests");
  await server.stop();
});
