import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import type { Environment, Place, ServerProcess } from "@latchkey/testkit/server/server-process";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { replicaEnvironment } from "../postgres/replica.ts";
import { type OwnProcess, ownProcess } from "./own-process.ts";

/** One server and its link to the database. */
export interface Replica {
  readonly url: string;
  readonly link: OwnProcess;
  /** Starts the server again on the same port. */
  start(): Promise<void>;
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** Several replicas behind a balancer, on one PostgreSQL. All are processes. */
export interface Cluster extends AsyncDisposable {
  /** The URL of the balancer. */
  readonly url: string;
  readonly replicas: readonly Replica[];
  readonly postgres: PostgresServer;
  /** The store on the same database, without a replica. */
  readonly store: Store;
  readonly database: string;
}

export async function startCluster(
  place: Place,
  count: number,
  settings: Environment = {},
): Promise<Cluster> {
  const postgres = await PostgresServer.make({ binaries: debianBinaries() });
  const database = await postgres.database();
  const replicas = await Promise.all(
    Array.from({ length: count }, () => startReplica(place, postgres, database, settings)),
  );
  const balancer = await ownProcess("./balancer-process.ts", ...replicas.map(({ url }) => new URL(url).port));
  const store = await openStore({ place: postgresUrl(database), onAudit: () => {}, timeout: 2000 });
  return {
    url: `http://127.0.0.1:${balancer.port}`,
    replicas,
    postgres,
    store,
    database,
    async [Symbol.asyncDispose]() {
      balancer[Symbol.dispose]();
      for (const { stop, link } of replicas) {
        await stop("SIGKILL");
        link[Symbol.dispose]();
      }
      await store.close();
      await postgres[Symbol.asyncDispose]();
    },
  };
}

async function startReplica(
  place: Place,
  postgres: PostgresServer,
  database: string,
  settings: Environment,
): Promise<Replica> {
  const link = await ownProcess("./link-process.ts", postgres.port);
  const env = {
    ...replicaEnvironment(database.replace(`:${postgres.port}/`, `:${link.port}/`)),
    LATCHKEY_DATABASE_TIMEOUT: "2s",
    ...settings,
  };
  // The server picks its first port itself: another program could take one that was found before.
  let server: ServerProcess = await place.server({ env });
  const { port } = new URL(server.url);
  return {
    url: server.url,
    link,
    async start() {
      server = await place.server({ env, args: ["--port", port] });
    },
    async stop(signal) {
      await server.stop(signal);
    },
  };
}
