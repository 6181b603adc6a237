import { text } from "node:stream/consumers";
import { Connection } from "./connection.ts";
import { live, type Operation, Person, stepsOfDay } from "./day.ts";
import { quantile } from "./quantiles.ts";

/** The plan of a load of people in the middle of their days. */
export interface DayPlan {
  /** The ports of the replicas. Each person uses all of them. */
  readonly ports: readonly number[];
  readonly people: readonly { readonly username: string; readonly password: string }[];
  /** Connections to each replica. */
  readonly connections: number;
  readonly seconds: number;
  /** Planned requests per second. Undefined: as many as the server answers. */
  readonly perSecond?: number;
}

/** The responses of one operation; latency in milliseconds, from the planned time of the request. */
interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface DayReport {
  /** Responses per second. */
  readonly rate: number;
  readonly operations: Readonly<Record<Operation, Latency>>;
}

const plan: DayPlan = JSON.parse(await text(process.stdin));
const [port] = plan.ports;
if (port === undefined) throw new Error("the plan has no port");
const people = plan.people.map(({ username, password }) => new Person(username, password));
const first = await Connection.open(port);
for (const [n, person] of people.entries()) {
  await person.begin(first, Math.floor((n * stepsOfDay) / people.length));
}
first.close();
// After the logins: a server closes connections that wait for a minute.
const open = await Promise.all(
  plan.ports.flatMap((each) => Array.from({ length: plan.connections }, () => Connection.open(each))),
);
const latencies: Record<Operation, number[]> = { login: [], me: [], refresh: [], logout: [] };
const start = performance.now();
const end = start + plan.seconds * 1000;
await live(people, open, { perSecond: plan.perSecond, end }, (operation, since) => {
  latencies[operation].push(performance.now() - since);
});
const taken = (performance.now() - start) / 1000;
for (const connection of open) connection.close();
const latencyOf = (operation: Operation): Latency => {
  const values = latencies[operation];
  const at = (q: number) => (values.length === 0 ? 0 : quantile(values, q));
  return { count: values.length, p50: at(0.5), p99: at(0.99), p999: at(0.999) };
};
const operations = {
  login: latencyOf("login"),
  me: latencyOf("me"),
  refresh: latencyOf("refresh"),
  logout: latencyOf("logout"),
};
const answers = Object.values(operations).reduce((sum, { count }) => sum + count, 0);
const report: DayReport = { rate: answers / taken, operations };
process.stdout.write(JSON.stringify(report));
