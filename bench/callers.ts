import { text } from "node:stream/consumers";
import createClient from "openapi-fetch";

/** The plan for a process of callers. */
export interface CallPlan {
  readonly way: "@latchkey/client" | "openapi-fetch" | "fetch";
  /** The URL of the built client. */
  readonly client: string;
  readonly baseURL: string;
  readonly token: string;
  /** The number of concurrent callers. */
  readonly callers: number;
  readonly seconds: number;
}

interface Paths {
  "/auth/me": { get: { responses: { 200: { content: { "application/json": { id: string } } } } } };
}

/** Calls `me` in one of three ways, as often as possible. Reports the responses per second. */
const plan: CallPlan = JSON.parse(await text(process.stdin));
const { baseURL, token, callers, seconds } = plan;
const authorization = `Bearer ${token}`;

const ways: Readonly<Record<CallPlan["way"], () => Promise<() => Promise<unknown>>>> = {
  async "@latchkey/client"() {
    const client: typeof import("../packages/client/src/index.ts") = await import(plan.client);
    const store = client.memoryStore();
    const now = Date.now();
    await store.set({ accessToken: token, issuedAt: now, expiresAt: now + 3_600_000 });
    const auth = new client.AuthClient({ baseURL, store });
    return () => auth.me();
  },
  async "openapi-fetch"() {
    const client = createClient<Paths>({ baseUrl: baseURL, headers: { authorization } });
    return async () => (await client.GET("/auth/me")).data;
  },
  async fetch() {
    const headers = { accept: "application/json", authorization };
    return async () => (await fetch(`${baseURL}/auth/me`, { headers })).json();
  },
};

const me = await ways[plan.way]();
let answers = 0;

async function askUntil(end: number): Promise<void> {
  while (performance.now() < end) {
    const user = await me();
    if (typeof user !== "object" || user === null || !("id" in user))
      throw new Error("the response has no user id");
    if (performance.now() < end) answers++;
  }
}

for (const duration of [seconds / 4, seconds]) {
  answers = 0;
  const end = performance.now() + duration * 1000;
  await Promise.all(Array.from({ length: callers }, () => askUntil(end)));
}
process.stdout.write(JSON.stringify(answers / seconds));
process.exit();
