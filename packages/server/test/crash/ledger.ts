/** The server's answers about one session. */
export interface KnownSession {
  readonly user: KnownUser;
  /** The password of its login. */
  readonly password: string;
  access: string;
  /** All refresh tokens in answers, oldest first. */
  readonly chain: string[];
  /** `ending`: a logout was sent, and no answer came. */
  state: "live" | "ending" | "ended";
}

/** The server's answers about one user. */
export interface KnownUser {
  readonly name: string;
  password: string;
  /** The password of a change without an answer. It is valid if the change was committed. */
  attempted: string | undefined;
}

/** All answers of a server, and the broken promises among them. The sender of a request enters the answer. */
export class Ledger {
  readonly users: readonly KnownUser[];
  readonly sessions: KnownSession[] = [];
  readonly answered = { logins: 0, refreshes: 0, trades: 0, logouts: 0, passwords: 0 };
  readonly broken: string[] = [];

  constructor(names: readonly string[], password: string) {
    this.users = names.map((name) => ({ name, password, attempted: undefined }));
  }

  /** Records a broken promise. */
  breach(promise: string, session: Pick<KnownSession, "user">, got: unknown): void {
    this.broken.push(`${promise} (${session.user.name}): ${JSON.stringify(got)}`);
  }

  opened(user: KnownUser, password: string, tokens: { access: string; refresh: string }): KnownSession {
    const session = {
      user,
      password,
      access: tokens.access,
      chain: [tokens.refresh],
      state: "live" as const,
    };
    this.sessions.push(session);
    this.answered.logins++;
    return session;
  }

  refreshed(session: KnownSession, tokens: { access: string; refresh: string }): void {
    session.chain.push(tokens.refresh);
    session.access = tokens.access;
    this.answered.refreshes++;
  }

  traded(session: KnownSession, access: string): void {
    session.access = access;
    this.answered.trades++;
  }

  ended(session: KnownSession): void {
    session.state = "ended";
    this.answered.logouts++;
  }

  passwordChanged(user: KnownUser, password: string): void {
    user.password = password;
    user.attempted = undefined;
    this.answered.passwords++;
  }

  /** Whether the session may have ended, for example by a password change without an answer. */
  mayBeGone({ user, password, state }: KnownSession): boolean {
    return state !== "live" || user.attempted !== undefined || password !== user.password;
  }
}

/** The refresh token of the last answer. */
export function currentOf({ chain }: KnownSession): string {
  const current = chain.at(-1);
  if (current === undefined) throw new Error("a session has no refresh token");
  return current;
}
