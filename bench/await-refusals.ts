import { text } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { createGuard, TokenError } from "@latchkey/guard";

/** The sessions that a task ends, one after the other. */
export interface LogoutPlan {
  readonly baseURL: string;
  readonly tokens: readonly string[];
}

/** Milliseconds for each session: the duration of the logout, and the time from its response to the refusal. */
export interface LogoutReport {
  readonly logout: readonly number[];
  readonly refused: readonly number[];
}

/** How long the guard may take to refuse, in milliseconds. */
const timeout = 5_000;
const { baseURL, tokens }: LogoutPlan = JSON.parse(await text(process.stdin));
await using guard = createGuard({ issuer: baseURL });
await guard.ready();
const logout: number[] = [];
const refused: number[] = [];
for (const token of tokens) {
  await guard.verify(token);
  const begun = performance.now();
  const answer = await fetch(`${baseURL}/auth/logout`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  if (answer.status !== 200) throw new Error(`logout answered ${answer.status}`);
  const answered = performance.now();
  while (await accepted(token)) {
    if (performance.now() - answered > timeout) throw new Error("the guard still accepts an ended session");
    await turn();
  }
  logout.push(answered - begun);
  refused.push(performance.now() - answered);
}
process.stdout.write(JSON.stringify({ logout, refused } satisfies LogoutReport));

async function accepted(token: string): Promise<boolean> {
  try {
    await guard.verify(token);
    return true;
  } catch (error) {
    if (error instanceof TokenError && error.code === "token_revoked") return false;
    throw error;
  }
}
