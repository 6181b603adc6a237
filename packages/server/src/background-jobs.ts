import { SingleFlight } from "@latchkey/guard/single-flight";
import type { ClockWatch } from "./clock-watch.ts";
import type { Config } from "./config/config.ts";
import { eventOf, serverActor } from "./core/audit-events.ts";
import type { Clock, SteadyClock } from "./core/clock.ts";
import type { Pseudonyms } from "./core/people/erasures.ts";
import type { AttemptCounter } from "./core/throttle/attempt-counter.ts";
import type { Revocations } from "./core/tokens/revocations.ts";
import type { SigningKeys } from "./core/tokens/signing-keys.ts";
import type { Log } from "./log.ts";
import type { MailJob } from "./mail/mail-job.ts";
import { repeat } from "./repeated-work.ts";
import { largeWal } from "./store/sqlite/connection.ts";
import type { Store } from "./store/store.ts";

/** Milliseconds between two polls. A change of another process takes effect within a second, this included. */
const pollInterval = 250;

/** Milliseconds between two looks into the outbox. The process that wrote a mail sends it at once. */
const mailInterval = 5_000;

/** Milliseconds between two purges. */
const purgeInterval = 60_000;

/** Milliseconds between two looks for erased users that the audit trail still names. */
const erasureInterval = 5_000;

/** The parts that the background jobs work on. */
export interface BackgroundJobParts {
  readonly signingKeys: SigningKeys;
  readonly revocations: Revocations;
  readonly counters: readonly AttemptCounter[];
  readonly store: Store;
  readonly config: Pick<
    Config,
    "accessTokenTtl" | "keyRotation" | "auditRetention" | "auditMaxSize" | "removedRetention"
  >;
  readonly pseudonymOf: Pseudonyms;
  readonly clock: Clock;
  readonly steady: SteadyClock;
  readonly clockWatch: ClockWatch;
  readonly log: Log;
  /** Jobs of the identity provider, each with its interval in milliseconds. */
  readonly providerJobs: readonly (readonly [interval: number, job: () => Promise<void>])[];
  /** Undefined if the server sends no mails. */
  readonly mailJob: MailJob | undefined;
}

/** The work of a server between requests. */
export type BackgroundJobs = ReturnType<typeof startBackgroundJobs>;

/** Starts the background jobs. A failed job is logged and repeated at its next interval. */
export function startBackgroundJobs(parts: BackgroundJobParts) {
  const { signingKeys, revocations, counters, store, config, clock, clockWatch, mailJob, log } = parts;

  async function readChanges(): Promise<void> {
    await revocations.poll();
    await signingKeys.poll();
  }

  /** Reads the changes of other processes: ended sessions, signing keys, audit events of commands. */
  async function poll(): Promise<void> {
    await readChanges();
    await store.pollCommandEvents();
    // Keys that this server cannot sign with belong into the log. The changes above are read in any case.
    signingKeys.assertUsable();
  }

  async function deleteExpired(): Promise<void> {
    const now = await clockWatch.read();
    revocations.prune(now);
    for (const counter of counters) await counter.prune();
    await store.purge(now, config.auditRetention, revocations.firstHeld);
    await eraseRemoved(now);
    await clockWatch.keep();
    // The rotation comes last: on a full volume it needs the space that the deletions free.
    await rotateWhenDue(now);
  }

  async function rotateWhenDue(now: number): Promise<void> {
    const active = signingKeys.stored.find(({ kid }) => kid === signingKeys.signer.kid);
    if (now - (active?.activatedAt ?? now) < config.keyRotation) return;
    const event = eventOf("key.rotated", clock(), serverActor, { reason: "age" });
    await signingKeys.rotate(config.accessTokenTtl, event);
  }

  /** Adds sessions that ended with their user to the revocation list, batch by batch. */
  async function finishEndings(): Promise<void> {
    if (revocations.isIncomplete) await store.finishEndings(clock());
  }

  const eraseRemoved = removedUserEraser(parts);
  const rewriteTrail = () => store.erasures.rewrite(clock());

  const limitDiskUse = diskUseLimiter(parts);
  const changeReads = new SingleFlight<void>({ now: clock, steady: parts.steady });
  // PostgreSQL notifies its replicas, which then read the changes at once. The next poll makes up for a failure.
  store.onChange?.(() => void changeReads.joinNext(readChanges).catch(() => {}));
  const stops = [
    repeat(pollInterval, poll, log),
    repeat(pollInterval, finishEndings, log),
    // At once: a restart with a shorter retention must free space on a full volume.
    repeat(purgeInterval, deleteExpired, log, "now"),
    repeat(purgeInterval, limitDiskUse, log, "now"),
    ...(mailJob === undefined ? [] : [repeat(mailInterval, () => mailJob.run(), log, "now")]),
    repeat(erasureInterval, rewriteTrail, log),
    repeat(purgeInterval, () => store.userSearch.completeKeys(), log, "now"),
    ...parts.providerJobs.map(([interval, job]) => repeat(interval, job, log)),
  ];
  return {
    poll,
    /** Deletes expired rows, rotates the signing key when it is due, and keeps the database within its share of disk. */
    async purge(): Promise<void> {
      await deleteExpired();
      await limitDiskUse();
    },
    finishEndings,
    rewriteTrail,
    /** Begins to send the mails that are due. */
    sendMails: async () => mailJob?.run(),
    /** Stops all timers. Resolves after the current runs, and after the mails under way. */
    async stop(): Promise<void> {
      await Promise.all([...stops.map((stop) => stop()), mailJob?.stop()]);
    },
  };
}

/** Users that one reading of the list erases. */
const erasedAtOnce = 100;

/**
 * A job that erases users when the retention of removed users is over.
 *
 * @returns a function of the time that deletions may follow
 */
function removedUserEraser({ store, config, pseudonymOf }: BackgroundJobParts) {
  const { erasures } = store;
  return async (now: number) => {
    await erasures.forgetRemovedBefore(now - config.auditRetention);
    const before = now - (config.removedRetention ?? Number.POSITIVE_INFINITY);
    for (let ids = await due(); ids.length > 0; ids = await due()) {
      for (const userId of ids) {
        const pseudonym = await pseudonymOf(userId);
        const event = eventOf("user.erased", now, serverActor, { subject: pseudonym });
        await erasures.begin({ userId, pseudonym }, event);
      }
    }

    async function due(): Promise<readonly string[]> {
      return Number.isFinite(before) ? erasures.removedBefore(before, erasedAtOnce) : [];
    }
  };
}

/** A job that keeps the database within its share of the volume. */
function diskUseLimiter({ store, config, log }: BackgroundJobParts): () => Promise<void> {
  let isFirstRun = true;
  let isLarge = false;

  function checkWriteAheadLog(): void {
    const bytes = store.walSize?.() ?? 0;
    if (bytes > largeWal) {
      if (!isLarge) {
        log.warn(
          { bytes },
          "the write-ahead log is large because a reader holds it: find the program that has the database open with `fuser -v latchkey.db`, and end its transaction",
        );
      }
      store.resetWal?.();
    } else if (isLarge) log.info({ bytes }, "the write-ahead log has its usual size again");
    isLarge = bytes > largeWal;
  }

  return async () => {
    // The reserve waits for the second run, so a server of a test, which lives for seconds, takes no disk space.
    if (!isFirstRun) store.takeReserve?.();
    isFirstRun = false;
    checkWriteAheadLog();
    const events = await store.auditBound.keepWithin(config.auditMaxSize);
    if (events > 0) {
      log.warn({ events }, "the audit trail reached LATCHKEY_AUDIT_MAX_SIZE: its oldest events were deleted");
    }
  };
}
