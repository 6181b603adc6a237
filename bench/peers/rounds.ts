import { Connection } from "../connection.ts";
import { type Load, type LoadResult, makeLoad } from "../make-load.ts";
import type { Answered, Person, Running } from "./contestant.ts";
import { people } from "./contestant.ts";

/** The number of connections of each row, as a reader finds them in the page. */
export const connections = { login: 16, refresh: 64, me: 32, storm: 64 } as const;

/** Requests of `me` in each second while the storm lasts. The slowest product can answer them when it is idle. */
export const paced = 100;

/** A product with the tokens of its people. */
export interface SignedIn {
  readonly running: Running;
  /** One for each connection. The rounds of refreshes replace them. */
  refreshTokens: readonly string[];
  /** The prepared requests of `me`. */
  readonly mes: readonly string[];
}

/** Signs the people in, one after the other. @throws if a status is not 200 */
export async function signInAll(running: Running, who: readonly Person[] = people): Promise<SignedIn> {
  const answers: Answered[] = [];
  const connection = await Connection.open(running.port);
  for (const person of who) {
    const request = running.login?.(person);
    if (request === undefined) break;
    const { status, head, body } = await connection.send(Buffer.from(request));
    if (status !== 200) throw new Error(`login answered ${status}: ${body}`);
    answers.push({ head, body: body.toString() });
  }
  connection.close();
  const { refreshToken, issued = [] } = running;
  return {
    running,
    refreshTokens: refreshToken === undefined ? issued : answers.map(refreshToken),
    mes: running.me === undefined ? [] : answers.map(running.me),
  };
}

type Measured = Pick<Load, "seconds"> & Partial<Load>;

const load = (running: Running, plan: Omit<Load, "expected" | "watched">): Promise<LoadResult> =>
  // A product that is slow in the storm may take a minute for its last answers.
  makeLoad(running, {
    ...plan,
    slack: 180,
    expected: [200],
    ...(running.watched && { watched: running.watched }),
  });

/** Logins of all people in turn, in a closed loop. */
export async function logins({ running }: SignedIn, { seconds, connections: wide }: Measured) {
  const requests = loginRequests(running);
  if (requests.length === 0) return undefined;
  return load(running, {
    connections: wide ?? connections.login,
    seconds,
    traffic: { kind: "repeat", requests },
  });
}

const loginRequests = (running: Running): string[] =>
  people.flatMap((person) => running.login?.(person) ?? []);

/** Refreshes in a closed loop, each connection with a session of its own. */
export async function refreshes(signedIn: SignedIn, seconds: number) {
  const { running, refreshTokens: tokens } = signedIn;
  if (running.refresh === undefined) return undefined;
  const traffic = { kind: "refresh", tokens, request: running.refresh } as const;
  const result = await load(running, { connections: connections.refresh, seconds, traffic });
  signedIn.refreshTokens = result.tokens;
  return result;
}

/** `me` in a closed loop. Each response has the e-mail address or the name of a person. */
export async function mes({ running, mes: requests }: SignedIn, seconds: number) {
  if (requests.length === 0) return undefined;
  const traffic = { kind: "repeat", requests, contains: "person" } as const;
  return load(running, { connections: connections.me, seconds, traffic });
}

/** `me` at a fixed rate, alone and while logins run. Latency starts at the planned time of a request. */
export async function storm(signedIn: SignedIn, seconds: number) {
  const { mes: requests } = signedIn;
  if (requests.length === 0) return undefined;
  const traffic = { kind: "paced", requests, perSecond: paced } as const;
  const calls = () => load(signedIn.running, { connections: connections.storm, seconds, traffic });
  const idle = await calls();
  const rest = new Promise((begin) => setTimeout(begin, 1_000));
  const [stormed] = await Promise.all([
    rest.then(calls),
    logins(signedIn, { seconds: seconds + 2, connections: connections.storm }),
  ]);
  return { idle, stormed };
}
