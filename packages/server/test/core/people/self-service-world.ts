import type { Caller } from "../../../src/core/audit-events.ts";
import type { NewMail } from "../../../src/core/mail/outbox.ts";
import { nameFingerprints } from "../../../src/core/passwords/account-names.ts";
import { HashQueue } from "../../../src/core/passwords/hash-queue.ts";
import { Passwords } from "../../../src/core/passwords/passwords.ts";
import { createSelfService } from "../../../src/core/people/create-self-service.ts";
import { LinkTokens } from "../../../src/core/people/link-tokens.ts";
import type { SignUpRule } from "../../../src/core/people/self-service.ts";
import { createSelfServiceLimits } from "../../../src/core/people/self-service-limits.ts";
import type { SessionPrincipal } from "../../../src/core/stories/current-user.ts";
import type { Rule } from "../../../src/core/throttle/attempt-counter.ts";
import { Throttle } from "../../../src/core/throttle/throttle.ts";
import { deriveKeys } from "../../../src/core/tokens/derived-keys.ts";
import { Revocations } from "../../../src/core/tokens/revocations.ts";
import { localAccounts } from "../../../src/identity/local.ts";
import type { Store } from "../../../src/store/store.ts";
import type { AuditListener, DurableEvent } from "../../../src/store/tables/audit.ts";
import type { DatabaseClock } from "../../postgres/server/database-clock.ts";
import { session } from "../../store/store-rows.ts";

export const caller: Caller = { address: "192.0.2.1", requestId: "test" };

/** A caller of another network. */
export const from = (number: number): Caller => ({
  address: `198.51.${number >> 8}.${number & 255}`,
  requestId: "test",
});

export const password = "correct horse battery";
export const newPassword = "staple of my own choice";

/** The keys of the links in every world. */
export const linkKeys = deriveKeys("a secret that is long enough for this");
export const linkTokens = new LinkTokens(linkKeys);

/** Weak parameters: a check takes less than a millisecond. */
const cost = { memory: 64, iterations: 1, parallelism: 1 };

export interface WorldOptions {
  readonly rule?: SignUpRule;
  readonly mail?: boolean;
  /** Limit of failed passwords. Default: none that a test reaches. */
  readonly limit?: Rule;
}

/** Opens two processes on one database. They may share one store. */
export type OpenStores = (heard: AuditListener) => Promise<{
  readonly stores: readonly [Store, Store];
  /** Undefined if the database has no clock of its own. */
  readonly clock?: DatabaseClock;
}>;

export type SelfServiceWorld = Awaited<ReturnType<typeof selfServiceWorld>>;

/**
 * The self-service of two processes on a real database, with the users `alice`, `bob`, the disabled
 * `mallory` and the administrator `root`.
 */
export async function selfServiceWorld(open: OpenStores, options: WorldOptions = {}) {
  const { rule = ["example.com"], mail = true, limit = { limit: 1_000_000, windowMs: 60_000 } } = options;
  let time = 1_700_000_000_000;
  let elapsed = 0;
  const clock = () => time;
  const steady = () => elapsed;
  const heard: DurableEvent[] = [];
  let duringStrengthCheck: () => unknown = () => {};
  const { stores, clock: databaseClock } = await open((event) => heard.push(event));
  const [store] = stores;

  const processes = stores.map((own) => {
    const passwords = new Passwords(cost, new HashQueue({ concurrency: 2, maxWaiting: 1000 }));
    const counters = own.attemptCounters(steady);
    const accounts = localAccounts(own.users, passwords, linkKeys.fingerprint);
    const rules = { pair: limit, account: limit, address: limit };
    const { users, clients, links, outbox, audit, sessions } = own;
    const throttle = new Throttle({ rules, counters, sessions, audit, clock });
    const revocations = new Revocations(own.revocations, { clock, steady, tokenLifetime: 3_600_000 });
    const stories = createSelfService({
      ...{
        users,
        clients,
        links,
        outbox,
        audit,
        clock,
        accounts,
        passwords,
        throttle,
        revocations,
        rule,
        mail,
      },
      issuer: "http://login.test",
      linkTokens,
      limits: createSelfServiceLimits(counters),
      passwordRules: {
        minLength: 8,
        words: [],
        async strength() {
          await duringStrengthCheck();
          return { verdict: "strong" };
        },
        breaches: [],
        breachFailure: "open",
      },
    });
    return { stories, accounts, passwords };
  });
  const [first, second] = processes;
  if (first === undefined || second === undefined) throw new Error("two processes");

  const passwordHash = await first.passwords.hash(password, { ...caller, account: "test" });
  async function add(name: string, host = "example.com", role = "user"): Promise<void> {
    const email = `${name}@${host}`;
    const keys = { usernameKey: name, emailKey: email };
    const user = {
      id: `user:${name}`,
      username: name,
      email,
      ...keys,
      displayName: null,
      roles: [role],
      passwordHash,
    };
    await store.users.add(user, { name: "user.added", at: time, address: "test" });
  }
  for (const name of ["alice", "bob", "mallory"]) await add(name);
  await add("root", "example.com", "admin");
  await store.users.setActive("user:mallory", false, { name: "user.disabled", at: time, address: "test" });
  heard.length = 0;
  let sessions = 0;

  return {
    store,
    heard,
    /** The stories of one process, and of another on the same database. */
    stories: first.stories,
    elsewhere: second.stories,
    now: clock,
    /** Work between the checks of a story that sets a password, and its commit. */
    beforeCommit(work: () => unknown) {
      duringStrengthCheck = work;
    },
    /** Adds the user `user:NAME` with the address `NAME@HOST` and the same password. */
    add,
    advance(ms: number) {
      time += ms;
      elapsed += ms;
      databaseClock?.advance(ms);
    },
    /** Opens a session. @returns its user, as the token check gives them to a story */
    async signedIn(name = "alice"): Promise<SessionPrincipal> {
      const id = `session-${sessions++}`;
      const userId = `user:${name}`;
      const user = await store.users.byId(userId);
      const times = {
        createdAt: time,
        lastUsedAt: time,
        rotatedAt: time,
        expiresAt: time + 1e9,
        endsAt: time + 1e9,
      };
      const event = { name: "login.succeeded", at: time, address: "test" } as const;
      await store.sessions.open({ ...session(id, userId), ...times }, user?.revision ?? -1, event);
      heard.length = 0;
      const rights = { roles: ["user"], scopes: [], claims: {} };
      return { userId, username: name, ...rights, sessionId: id, expiresAt: time + 3_600_000 };
    },
    liveSessions: async (userId = "user:alice") =>
      (await store.sessions.live(time, userId)).map(({ id }) => id),
    /** Whether a password opens an account. */
    async opens(username: string, typed: string): Promise<boolean> {
      const account = await first.accounts.find(first.accounts.nameOf(username));
      return (await account.checkPassword(typed, caller)).ok;
    },
    subjectOfUnknown: (name: string) => `unknown:${nameFingerprints(linkKeys.fingerprint)(name)}`,
    /** Works like the mail job on everything that waits. @returns the mails that would be sent, oldest first */
    async sentMails(): Promise<NewMail[]> {
      const sent: NewMail[] = [];
      for (;;) {
        const { mails } = await store.outbox.claim({ at: time, lease: 60_000, most: 100 });
        if (mails.length === 0) return sent;
        for (const one of mails) {
          if (one.content.kind === "reset_request") {
            await first.stories.answerRequest(one, one.content.typedName);
          } else {
            sent.push(one);
            await store.outbox.settle(one);
          }
        }
      }
    },
    /** The token of the link in a mail. */
    tokenOf(mail: NewMail | undefined): string {
      if (mail?.linkId == null) throw new Error("a mail without a link");
      return linkTokens.write(mail.linkId);
    },
    /** Sends everything that waits. @returns the token of the link in the last mail of this kind */
    async sentLink(kind: NewMail["content"]["kind"]): Promise<string> {
      return this.tokenOf((await this.sentMails()).findLast(({ content }) => content.kind === kind));
    },
    async [Symbol.asyncDispose]() {
      for (const one of new Set(stores)) await one.close();
      databaseClock?.[Symbol.dispose]();
    },
  };
}
