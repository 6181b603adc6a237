import type { ClockWatch } from "./clock-watch.ts";
import type { Config } from "./config/config.ts";
import type { AttemptCounter } from "./core/attempt-counter.ts";
import { eventOf, itself } from "./core/audit-events.ts";
import { LatchkeyError } from "./core/errors.ts";
import type { Clock } from "./core/ports.ts";
import type { Revocations } from "./core/revocations.ts";
import type { SigningKeys } from "./core/signing-keys.ts";
import type { Log } from "./log.ts";
import type { Store } from "./store/store.ts";
import { volumeUpkeep } from "./volume-upkeep.ts";

/** How often a server looks at what other processes changed, in milliseconds: well under a second. */
const pollInterval = 250;
const purgeInterval = 60_000;

export interface BackgroundJobParts {
  readonly signingKeys: SigningKeys;
  readonly revocations: Revocations;
  readonly counters: readonly AttemptCounter[];
  readonly store: Store;
  readonly config: Pick<Config, "accessTokenTtl" | "keyRotation" | "auditRetention" | "auditMaxSize">;
  readonly clock: Clock;
  readonly clockWatch: ClockWatch;
  readonly log: Log;
  /** What a provider has to do besides, each with how often, in milliseconds. */
  readonly more?: readonly (readonly [every: number, job: () => Promise<void>])[];
}

export interface BackgroundJobs {
  /** Takes over what other processes changed: ended sessions and keys; and tells the log what commands did. */
  poll(): Promise<void>;
  /** Deletes what has expired, rotates the key when its time has come. */
  purge(): Promise<void>;
  /** Puts sessions that ended with their user on the list, batch by batch. */
  finishEndings(): Promise<void>;
  /** Stops, after the current runs. */
  stop(): Promise<void>;
}

/** What a server does between requests. A failure is logged and tried again at the next turn. */
export function startBackgroundJobs(parts: BackgroundJobParts): BackgroundJobs {
  const { signingKeys, revocations, counters, store, config, clock, clockWatch, log } = parts;

  async function poll(): Promise<void> {
    await revocations.follow();
    await signingKeys.follow();
    await store.followCommands();
  }

  async function purge(): Promise<void> {
    const now = await clockWatch.read();
    revocations.prune(now);
    for (const counter of counters) await counter.prune();
    await store.tidy(now, config.auditRetention, revocations.firstHeld);
    await clockWatch.keep();
    // Last: on a full volume no key can be rotated, and the deletions above make room.
    const active = signingKeys.stored.find(({ kid }) => kid === signingKeys.signer.kid);
    if (now - (active?.activatedAt ?? now) >= config.keyRotation) {
      const event = eventOf("key.rotated", clock(), itself, { reason: "age" });
      await signingKeys.rotate(config.accessTokenTtl, event);
    }
  }

  async function finishEndings(): Promise<void> {
    if (revocations.isIncomplete) await store.finishEndings(clock());
  }

  // What a replica is told of at once need not wait for its turn.
  store.onChange(
    coalesced(async () => {
      await revocations.follow();
      await signingKeys.follow();
    }),
  );
  const more = (parts.more ?? []).map(([interval, job]) => repeat(interval, job, log));
  // A restart with a shorter retention is a way out of a full volume, so the first turn comes at once.
  const purging = repeat(purgeInterval, purge, log, "now");
  const upkeep = volumeUpkeep({ store, config, log });
  const stops = [
    repeat(pollInterval, poll, log),
    repeat(pollInterval, finishEndings, log),
    purging,
    repeat(purgeInterval, upkeep, log, "now"),
    ...more,
  ];
  return {
    poll,
    async purge() {
      await purge();
      await upkeep();
    },
    finishEndings,
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

/** Does what several ask for at the same time once, and once more for who asks meanwhile. A failure is left to the next turn. */
function coalesced(work: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    running = true;
    while (again) {
      again = false;
      await work().catch(() => {});
    }
    running = false;
  };
  return () => {
    again = true;
    if (!running) void run();
  };
}

/** Runs `job` again and again, never twice at once. @returns what stops it */
function repeat(
  interval: number,
  job: () => Promise<void>,
  log: Log,
  first: "now" | "later" = "later",
): () => Promise<void> {
  let underWay: Promise<void> | undefined;
  let failing = false;
  const done = () => {
    if (failing) log.info("a chore that failed is done again");
    failing = false;
  };
  const failed = (error: unknown) => {
    // What fails turn after turn is told once.
    const quiet = failing && error instanceof LatchkeyError;
    failing = true;
    if (!quiet) log.error({ err: error }, "a chore failed; it will be tried again");
  };
  const turn = () => {
    underWay ??= job()
      .then(done, failed)
      .finally(() => {
        underWay = undefined;
      });
  };
  if (first === "now") turn();
  const timer = setInterval(turn, interval);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await underWay;
  };
}
