import { createGuard } from "@latchkey/guard";
import { createVerifier } from "@latchkey/guard/verifier";
import type { Caller } from "../../src/core/audit-events.ts";
import { createResources } from "../../src/core/oauth/resources.ts";
import { createTokenCheck } from "../../src/core/stories/current-user.ts";
import { createRefresh } from "../../src/core/stories/refresh.ts";
import { useOf } from "../../src/core/stories/session-life.ts";
import type { Session, Sessions } from "../../src/core/stories/sessions.ts";
import { createSignOut } from "../../src/core/stories/sign-out.ts";
import type { Rule } from "../../src/core/throttle/attempt-counter.ts";
import { MemoryAttemptCounter } from "../../src/core/throttle/memory-attempt-counter.ts";
import { Throttle } from "../../src/core/throttle/throttle.ts";
import { AccessTokens } from "../../src/core/tokens/access-tokens.ts";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";
import { RefreshTokens } from "../../src/core/tokens/refresh-tokens.ts";
import { Revocations } from "../../src/core/tokens/revocations.ts";
import { SigningKeys } from "../../src/core/tokens/signing-keys.ts";
import { openStore } from "../../src/store/store.ts";
import type { DurableEvent } from "../../src/store/tables/audit.ts";

/** The resource of OAuth clients. */
export const notes = "https://notes.test/mcp";

export const caller: Caller = { address: "192.0.2.1", requestId: "test" };

/** The core on a real database in memory: one user, one session, no HTTP. */
export type SmallWorld = Awaited<ReturnType<typeof smallWorld>>;

/**
 * @param around wraps the store's sessions, to control the order of calls
 * @param passwordHash of the user
 * @param limit of failures. Default: none that a test reaches
 */
export async function smallWorld(
  around: (sessions: Sessions) => Sessions = (same) => same,
  passwordHash = "$argon2id$",
  limit: Rule = { limit: 1_000_000, windowMs: 1000 },
) {
  let time = 1_700_000_000_000;
  let elapsed = 0;
  const clock = () => time;
  const steady = () => elapsed;
  const heard: DurableEvent[] = [];
  const store = await openStore({ place: { engine: "memory" }, onAudit: (event) => heard.push(event) });
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
  const verifying = { ...identity, clockTolerance: 0, keys, revocations, now: clock };
  const check = createTokenCheck(createVerifier(verifying));
  const user = {
    id: "user:alice",
    username: "alice",
    usernameKey: "alice",
    email: "alice@example.com",
    emailKey: "alice@example.com",
    displayName: null,
    roles: [],
    passwordHash,
  };
  await store.users.add(user, { name: "user.added", at: time, address: "test" });
  const throttle = new Throttle({
    rules: { pair: limit, account: limit, address: limit },
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
  const resources = createResources({
    ...identity,
    mcp: false,
    fallback: notes,
    registered: store.resources,
  });
  const checkAny = createTokenCheck(createVerifier({ ...verifying, anyAudience: true }));
  const issuing = { refreshTokens, tokens, clock, steady, settings };
  const checking = { check, checkAny, revocations, resources, throttle };
  const parts = { ...issuing, ...checking, sessions, users: store.users, audit: store.audit };
  return {
    store,
    /** The parts that stories are made of. */
    parts,
    /** The audit events, oldest first. */
    heard,
    check,
    /** The guard of the resource. It reads the same keys and ended sessions. */
    notesGuard: () => createGuard({ ...verifying, audience: notes }),
    refreshTokens,
    refresh: createRefresh(parts),
    signOut: createSignOut(parts),
    /** Lets time pass on both clocks. */
    advance: (ms: number) => {
      time += ms;
      elapsed += ms;
    },
    /** Sets the wall clock forward or back. */
    stepWallClock: (ms: number) => {
      time += ms;
    },
    /** Opens a session and gives its first tokens. */
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
