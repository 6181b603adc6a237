import { type Answer, login, logout, refresh, tokensOf, trade } from "@latchkey/testkit/server/auth-calls";
import { currentOf, type KnownSession, type KnownUser, type Ledger } from "./ledger.ts";

/** A mixed load that goes on until the server is gone. */
export interface Load {
  /** Resolves when every client has noticed that the server is gone. */
  readonly over: Promise<void>;
}

/**
 * Clients that sign in, refresh, trade and sign out, each one request after the other. Answers go into the ledger. A
 * broken connection ends the client and leaves its last request without an answer.
 */
export function startLoad(url: string, ledger: Ledger, clients: number): Load {
  let gone = false;

  async function client(user: KnownUser): Promise<void> {
    while (!gone) {
      const session = await open(url, ledger, user);
      for (let turn = Math.floor(Math.random() * 12); session?.state === "live" && turn > 0; turn--) {
        if (!(await use(url, ledger, session))) break;
      }
      if (session?.state === "live" && Math.random() < 0.6) await end(url, ledger, session);
    }
  }

  const running = Array.from({ length: clients }, async (_, n) => {
    const user = ledger.users[n % ledger.users.length];
    if (user === undefined) throw new Error("a load needs users");
    try {
      await client(user);
    } catch (error) {
      // `fetch` rejects with a TypeError if the connection breaks.
      if (!(error instanceof TypeError)) throw error;
      gone = true;
    }
  });
  return { over: Promise.all(running).then(() => {}) };
}

async function open(url: string, ledger: Ledger, user: KnownUser): Promise<KnownSession | undefined> {
  const { password } = user;
  const answer = await login(url, user.name, password);
  if (answer.status === 200) return ledger.opened(user, password, tokensOf(answer));
  const changing = user.attempted !== undefined || user.password !== password;
  if (answer.status !== 401 || !changing) ledger.breach("the right password signs in", { user }, answer.text);
  return undefined;
}

/** One refresh, by either token. @returns whether the session goes on */
async function use(url: string, ledger: Ledger, session: KnownSession): Promise<boolean> {
  if (Math.random() < 0.7) {
    const answer = await refresh(url, currentOf(session));
    if (answer.status !== 200) return refused(ledger, session, answer);
    ledger.refreshed(session, tokensOf(answer));
    return true;
  }
  const answer = await trade(url, session.access);
  if (answer.status !== 200) return refused(ledger, session, answer);
  ledger.traded(session, String(answer.body["access_token"]));
  return true;
}

async function end(url: string, ledger: Ledger, session: KnownSession): Promise<void> {
  session.state = "ending";
  const answer = await logout(url, session.access);
  if (answer.status === 200) ledger.ended(session);
  else {
    session.state = "live";
    refused(ledger, session, answer);
  }
}

function refused(ledger: Ledger, session: KnownSession, answer: Answer): false {
  if (answer.status !== 401 || !ledger.mayBeGone(session)) {
    ledger.breach("a live session is served", session, answer.text);
  }
  return false;
}
