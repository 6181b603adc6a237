import { login, me, refresh, tokensOf } from "@latchkey/testkit/server/auth-calls";
import { currentOf, type KnownSession, type KnownUser, type Ledger } from "./ledger.ts";

/**
 * Checks a restarted server against the ledger. Every answered change still holds. A change without an answer holds as
 * a whole or not at all, and the ledger then records which.
 */
export async function checkUsers(url: string, ledger: Ledger): Promise<void> {
  await Promise.all(ledger.users.map((user) => checkPassword(url, ledger, user)));
}

/** Checks these sessions, a few at a time. */
export async function checkSessions(url: string, ledger: Ledger, sessions: Iterable<KnownSession>) {
  const rest = [...sessions];
  const worker = async () => {
    for (let session = rest.pop(); session !== undefined; session = rest.pop()) {
      await checkSession(url, ledger, session);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** Exactly one password signs in: the last acknowledged one, or the one of an unanswered change. */
async function checkPassword(url: string, ledger: Ledger, user: KnownUser): Promise<void> {
  const { password, attempted } = user;
  const works = (await login(url, user.name, password)).status === 200;
  if (attempted === undefined) {
    if (!works) ledger.breach("the acknowledged password signs in", { user }, user);
    return;
  }
  const newWorks = (await login(url, user.name, attempted)).status === 200;
  if (works === newWorks) ledger.breach("one of two passwords signs in", { user }, { works, newWorks });
  user.password = newWorks ? attempted : password;
  user.attempted = undefined;
}

async function checkSession(url: string, ledger: Ledger, session: KnownSession): Promise<void> {
  const outlived = session.password !== session.user.password;
  if (session.state === "ended" || outlived) {
    await checkEnded(url, ledger, session, outlived ? "a new password" : "a logout");
  } else if (session.state === "ending") {
    await checkEnding(url, ledger, session);
  } else {
    await checkLive(url, ledger, session);
  }
}

async function checkEnded(url: string, ledger: Ledger, session: KnownSession, by: string): Promise<void> {
  session.state = "ended";
  const tokens = await Promise.all([me(url, session.access), refresh(url, currentOf(session))]);
  const refusals = tokens.map(({ status, body }) => `${status} ${body["code"]}`);
  if (refusals.some((refusal) => refusal !== "401 token_revoked")) {
    ledger.breach(`a session ended by ${by} stays ended`, session, refusals);
  }
}

/** A logout without an answer: both tokens are refused, or both are good. */
async function checkEnding(url: string, ledger: Ledger, session: KnownSession): Promise<void> {
  const access = await me(url, session.access);
  const refreshed = await refresh(url, currentOf(session));
  session.state = refreshed.status === 200 ? "live" : "ended";
  if (access.status !== refreshed.status) {
    ledger.breach("a logout is whole or not at all", session, [access.text, refreshed.text]);
  }
  if (refreshed.status === 200) ledger.refreshed(session, tokensOf(refreshed));
}

/** Both tokens are good. In a long chain, an old refresh token is a replay. */
async function checkLive(url: string, ledger: Ledger, session: KnownSession): Promise<void> {
  const access = await me(url, session.access);
  if (access.status !== 200) ledger.breach("an answered access token is good", session, access.text);
  const refreshed = await refresh(url, currentOf(session));
  if (refreshed.status !== 200) {
    ledger.breach("an answered refresh token is good", session, refreshed.text);
    session.state = "ended";
    return;
  }
  // After two more rotations, the grace does not cover it.
  const past = session.chain.at(-2);
  ledger.refreshed(session, tokensOf(refreshed));
  if (past !== undefined && Math.random() < 0.3) await checkPast(url, ledger, session, past);
}

async function checkPast(url: string, ledger: Ledger, session: KnownSession, past: string): Promise<void> {
  const replayed = await refresh(url, past);
  if (replayed.body["code"] !== "token_revoked") {
    ledger.breach("an old refresh token is a replay", session, replayed.text);
  }
  await checkEnded(url, ledger, session, "a replay");
}
