import { createGuard } from "@latchkey/guard";
import type { Caller } from "../../src/core/audit-events.ts";
import { LatchkeyError } from "../../src/core/errors.ts";
import type { Resources } from "../../src/core/oauth/resources.ts";
import { createTokenCheck, type TokenCheck } from "../../src/core/stories/current-user.ts";
import { createRefresh, type Refresh } from "../../src/core/stories/refresh.ts";
import { useOf } from "../../src/core/stories/session-life.ts";
import type { Session, Sessions } from "../../src/core/stories/sessions.ts";
import { createSignOut, type SignOut } from "../../src/core/stories/sign-out.ts";
import { MemoryAttemptCounter } from "../../src/core/throttle/memory-attempt-counter.ts";
import { Throttle } from "../../src/core/throttle/throttle.ts";
import { AccessTokens } from "../../src/core/tokens/access-tokens.ts";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";
import { RefreshTokens } from "../../src/core/tokens/refresh-tokens.ts";
import { Revocations } from "../../src/core/tokens/revocations.ts";
import { SigningKeys } from "../../src/core/tokens/signing-keys.ts";
import { openStore, type Store } from "../../src/store/store.ts";

/** The one resource of clients. */
const notes = "http://notes.test/mcp";

export const caller: Caller = { address: "192.0.2.1", requestId: "test" };

/** The core on a real database in memory: one user, one session, no HTTP. */
export interface SmallWorld extends AsyncDisposable {
  readonly store: Store;
  readonly refresh: Refresh;
  readonly signOut: SignOut;
  readonly check: TokenCheck;
  readonly refreshTokens: RefreshTokens;
  /** Opens a session and gives its first tokens. */
  open(): Promise<{ access: string; refresh: string; sessionId: string }>;
  /** Lets time pass on both clocks. */
  advance(ms: number): void;
  /** Sets the wall clock forward or back. */
  stepWallClock(ms: number): void;
}

/** @param around wraps the store's sessions, to control the order of calls */
export async function smallWorld(
  around: (sessions: Sessions) => Sessions = (same) => same,
): Promise<SmallWorld> {
  let time = 1_700_000_000_000;
  let elapsed = 0;
  const clock = () => time;
  const steady = () => elapsed;
  const store = await openStore({ place: { engine: "memory" }, onAudit: () => {} });
  const sessions = around(store.sessions);
  const derived = deriveKeys("a secret that is long enough for this");
  const keys = await SigningKeys.open({
    store: store.keys,
    sealing: derived.sealing,
    clock,
    steady,
    algorithm: "ES256",
  });
  const revocations = new Revocations(store.revocations, { clock, steady, tokenLifetime: 3_600_000 });
  const identity = { issuer: "http://test", audience: ["http://test"] };
  const tokens = new AccessTokens({ ...identity, lifetime: 3_600_000 }, keys, clock);
  const check = createTokenCheck(
    createGuard({
      ...identity,
      clockTolerance: 0,
      keys,
      revocations,
      now: clock,
    }),
  );
  const user = {
    id: "user:alice",
    username: "alice",
    usernameKey: "alice",
    email: "alice@example.com",
    emailKey: "alice@example.com",
    displayName: null,
    roles: [],
    passwordHash: "$argon2id$",
  };
  await store.users.add(user, { name: "user.added", at: time, address: "test" });
  const never = { limit: 1_000_000, windowMs: 1000 };
  const throttle = new Throttle({
    rules: { pair: never, account: never, address: never },
    counters: { login: new MemoryAttemptCounter(clock), refresh: new MemoryAttemptCounter(clock) },
    sessions,
    audit: store.audit,
    clock,
  });
  const refreshTokens = new RefreshTokens(derived);
  const settings = {
    idle: 7 * 86_400_000,
    max: 30 * 86_400_000,
    currentToken: true,
    grace: { same_address: 60_000, other_address: 10_000, client: 60_000 },
  };
  const resources: Resources = {
    async named(asked = notes) {
      if (asked !== notes) throw new LatchkeyError("invalid_target");
      return { url: notes, name: null, scopes: [] };
    },
  };
  const issuing = { refreshTokens, tokens, clock, steady, settings };
  const parts = { ...issuing, check, sessions, revocations, resources, throttle };
  return {
    store,
    check,
    refreshTokens,
    refresh: createRefresh({ ...parts, users: store.users }),
    signOut: createSignOut(parts),
    advance: (ms) => {
      time += ms;
      elapsed += ms;
    },
    stepWallClock: (ms) => {
      time += ms;
    },
    async open() {
      const first = refreshTokens.first();
      const endsAt = time + settings.max;
      const session: Session = {
        id: first.sessionId,
        userId: user.id,
        client: null,
        generation: 0,
        refreshHash: refreshTokens.stateOf(first).refreshHash,
        rotatedAt: time,
        createdAt: time,
        endsAt,
        endedAt: null,
        addressBucket: caller.address,
        ...useOf({ endsAt }, parts),
      };
      await store.sessions.open(session, 0, { name: "login.succeeded", at: time, address: "test" });
      const stored = await store.users.byId(user.id);
      if (stored === undefined) throw new Error("no user");
      const { accessToken } = tokens.issue(stored, session, session.tokensUntil);
      return { access: accessToken, refresh: refreshTokens.write(first), sessionId: session.id };
    },
    async [Symbol.asyncDispose]() {
      await store.close();
    },
  };
}
