import { type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { type User, type Users, withoutSecrets } from "../people/users.ts";
import type { AccountCookies } from "../tokens/account-cookies.ts";
import type { RefreshTokens } from "../tokens/refresh-tokens.ts";
import type { Revocations } from "../tokens/revocations.ts";
import type { SessionPrincipal } from "./current-user.ts";
import { aboutSession, isLive } from "./session-life.ts";
import type { Sessions } from "./sessions.ts";
import type { Credentials, SignIn } from "./sign-in.ts";

/** The parts of the sessions of browsers. */
export interface BrowserSessionParts {
  /** Opens sessions that live no longer than their cookies, without a password that must be changed. */
  readonly signIn: SignIn;
  readonly sessions: Pick<Sessions, "byId" | "end">;
  readonly users: Pick<Users, "byId">;
  readonly refreshTokens: RefreshTokens;
  readonly cookies: AccountCookies;
  readonly revocations: Pick<Revocations, "poll">;
  readonly clock: Clock;
}

/** A new session of a browser. */
export interface OpenedBrowserSession {
  /** The text of its cookie. */
  readonly cookie: string;
  /** Milliseconds until both end. */
  readonly lifetime: number;
}

/** A person, signed in to the account pages. */
export interface BrowserSession {
  readonly me: SessionPrincipal;
  readonly user: User;
  /** Whether somebody has confirmed the e-mail address. */
  readonly emailVerified: boolean;
}

/** Sessions of browsers at the account pages. */
export type BrowserSessions = ReturnType<typeof createBrowserSessions>;

/**
 * Signs a person in to the account pages: with the password check, the limits and the events of every login. The
 * session's tokens are dropped, so the cookie alone opens it.
 */
export function createBrowserSessions(parts: BrowserSessionParts) {
  const { signIn, sessions, users, refreshTokens, cookies, revocations, clock } = parts;

  return {
    /** Throws what {@link SignIn} throws. */
    async open(credentials: Credentials, caller: Caller): Promise<OpenedBrowserSession> {
      const { refreshToken } = await signIn(credentials, caller);
      const session = await sessions.byId(refreshTokens.read(refreshToken)?.sessionId ?? "");
      if (session === undefined) throw new Error("the session that was opened is gone");
      const { id, createdAt, expiresAt } = session;
      return { cookie: cookies.write(id, expiresAt), lifetime: expiresAt - createdAt };
    },

    /** The person of a cookie. Undefined if it is forged or expired, its session has ended, or the user is disabled. */
    async find(cookie: string | undefined): Promise<BrowserSession | undefined> {
      const sessionId = cookie === undefined ? undefined : cookies.read(cookie, clock());
      if (sessionId === undefined) return undefined;
      const session = await sessions.byId(sessionId);
      if (!isLive(session, clock()) || session.client !== null) return undefined;
      const user = await users.byId(session.userId);
      if (!user?.active) return undefined;
      const { id: userId, username, roles, emailVerifiedAt } = user;
      const rights = { roles, scopes: [], claims: {} };
      const me = { userId, username, ...rights, sessionId, expiresAt: session.expiresAt };
      return { me, user: withoutSecrets(user), emailVerified: emailVerifiedAt !== null };
    },

    /** Ends the session. */
    async close({ me }: BrowserSession, caller: Caller): Promise<void> {
      const about = aboutSession({ id: me.sessionId, userId: me.userId, client: null });
      const event = eventOf("session.ended", clock(), caller, { ...about, reason: "logout" });
      await sessions.end(me.sessionId, [event]);
      await revocations.poll();
    },
  };
}
