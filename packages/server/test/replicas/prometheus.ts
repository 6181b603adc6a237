import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { send } from "@latchkey/testkit/server/auth-calls";
import { freePort } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";
import { parse, stringify } from "yaml";

/** The alarms, as an operator takes them. */
const rulesFile = fileURLToPath(new URL("../../../../deploy/prometheus-rules.yml", import.meta.url));

/** Seconds between two scrapes, and between two evaluations of the alarms. An operator takes longer ones. */
const interval = "1s";

/** The configuration that the documentation shows. */
interface Configuration {
  readonly scrape_configs: readonly [{ readonly job_name: string }];
}

/** A series of an answer: its labels, and its value now. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Debian's Prometheus, with the configuration of `docs/operations.md`. */
export interface Prometheus extends AsyncDisposable {
  query(expression: string): Promise<Series[]>;
  /** The alarms that fire now: name and instance. */
  firing(): Promise<string[]>;
}

/**
 * Starts Prometheus with the alarms of `deploy/`.
 *
 * @param folder a folder of its own
 * @param jobs the servers of each job, which share a database
 * @param key one of their metrics keys
 */
export async function startPrometheus(
  folder: string,
  jobs: Readonly<Record<string, readonly string[]>>,
  key: string,
): Promise<Prometheus> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "prometheus.yml");
  const keyFile = join(folder, "latchkey.key");
  writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
  const page = readFileSync(new URL("../../../../docs/operations.md", import.meta.url), "utf8");
  const documented: Configuration = parse(/```yaml\n(global:.*?)```/s.exec(page)?.[1] ?? "");
  const [job] = documented.scrape_configs;
  const configuration = {
    ...documented,
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: [rulesFile],
    scrape_configs: Object.entries(jobs).map(([name, urls]) => ({
      ...job,
      job_name: name,
      authorization: { credentials_file: keyFile },
      static_configs: [{ targets: urls.map((url) => new URL(url).host) }],
    })),
  };
  writeFileSync(file, stringify(configuration));
  const address = `127.0.0.1:${await freePort()}`;
  const flags = {
    "config.file": file,
    "storage.tsdb.path": join(folder, "data"),
    "web.listen-address": address,
    "log.level": "warn",
  };
  const child = spawn(
    "prometheus",
    Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    { stdio: "ignore" },
  );
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const get = (path: string) => send(`http://${address}${path}`);
  const stop = async () => {
    process.off("exit", kill);
    if (child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  try {
    const ready = () => get("/-/ready").then(({ status }) => status === 200);
    await until("Prometheus answers", () => ready().catch(() => false), 30_000);
  } catch (error) {
    await stop();
    throw error;
  }
  const query = async (expression: string): Promise<Series[]> => {
    const { status, text } = await get(`/api/v1/query?query=${encodeURIComponent(expression)}`);
    if (status !== 200) throw new Error(`${expression}: ${text}`);
    return seriesOf(JSON.parse(text));
  };
  return {
    query,
    async firing() {
      const alarms = await query('ALERTS{alertstate="firing"}');
      return alarms.map(({ labels }) => [labels["alertname"], labels["instance"]].join(" ").trim()).sort();
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** The answer of Prometheus to an instant query. */
interface Answer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

function seriesOf({ data }: Answer): Series[] {
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}
