import type { ClockWatch } from "./clock-watch.ts";
import type { Config } from "./config.ts";
import type { AttemptCounter } from "./core/attempt-counter.ts";
import { eventOf, serverActor } from "./core/audit-events.ts";
import type { Clock } from "./core/clock.ts";
import { LatchkeyError } from "./core/errors.ts";
import type { Revocations } from "./core/revocations.ts";
import type { SigningKeys } from "./core/signing-keys.ts";
import type { Log } from "./log.ts";
import type { Store } from "./store/store.ts";
import { volumeUpkeep } from "./volume-upkeep.ts";

/** How often a server looks at what other processes changed, in milliseconds: well under a second. */
const followEvery = 250;
const tidyEvery = 60_000;

export interface ChoreParts {
  readonly signingKeys: SigningKeys;
  readonly revocations: Revocations;
  readonly counters: readonly AttemptCounter[];
  readonly store: Store;
  readonly config: Pick<Config, "accessTokenTtl" | "keyRotation" | "auditRetention" | "auditMaxSize">;
  readonly clock: Clock;
  readonly clockWatch: ClockWatch;
  readonly log: Log;
  /** What a provider has to do besides, each with how often, in milliseconds. */
  readonly more?: readonly (readonly [every: number, chore: () => Promise<void>])[];
}

export interface Chores {
  /** Takes over what other processes changed: ended sessions and keys; and tells the log what commands did. */
  follow(): Promise<void>;
  /** Deletes what has expired, rotates the key when its time has come. */
  tidy(): Promise<void>;
  /** Puts sessions that ended with their user on the list, batch by batch. */
  finishEndings(): Promise<void>;
  /** Stops, after what is under way. */
  stop(): Promise<void>;
}

/** What a server does between requests. A failure is logged and tried again at the next turn. */
export function startChores(parts: ChoreParts): Chores {
  const { signingKeys, revocations, counters, store, config, clock, clockWatch, log } = parts;

  async function follow(): Promise<void> {
    await revocations.poll();
    await signingKeys.poll();
    await store.followCommands();
  }

  async function tidy(): Promise<void> {
    const now = await clockWatch.read();
    revocations.prune(now);
    for (const counter of counters) await counter.prune();
    await store.tidy(now, config.auditRetention, revocations.firstHeld);
    await clockWatch.keep();
    // Last: on a full volume no key can be rotated, and the deletions above make room.
    const active = signingKeys.stored.find(({ kid }) => kid === signingKeys.signer.kid);
    if (now - (active?.activatedAt ?? now) >= config.keyRotation) {
      const event = eventOf("key.rotated", clock(), serverActor, { reason: "age" });
      await signingKeys.rotate(config.accessTokenTtl, event);
    }
  }

  async function finishEndings(): Promise<void> {
    if (revocations.isIncomplete) await store.finishEndings(clock());
  }

  // What a replica is told of at once need not wait for its turn.
  store.onChange(
    together(async () => {
      await revocations.poll();
      await signingKeys.poll();
    }),
  );
  const more = (parts.more ?? []).map(([interval, chore]) => every(interval, chore, log));
  // A restart with a shorter retention is a way out of a full volume, so the first turn comes at once.
  const tidying = every(tidyEvery, tidy, log, "now");
  const upkeep = volumeUpkeep({ store, config, log });
  const stops = [
    every(followEvery, follow, log),
    every(followEvery, finishEndings, log),
    tidying,
    every(tidyEvery, upkeep, log, "now"),
    ...more,
  ];
  return {
    follow,
    async tidy() {
      await tidy();
      await upkeep();
    },
    finishEndings,
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

/** Does what several ask for at the same time once, and once more for who asks meanwhile. A failure is left to the next turn. */
function together(work: () => Promise<void>): () => void {
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

/** Runs `chore` again and again, never twice at once. @returns what stops it */
function every(
  interval: number,
  chore: () => Promise<void>,
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
    underWay ??= chore()
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
