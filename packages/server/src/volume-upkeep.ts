import type { Config } from "./config.ts";
import type { Log } from "./log.ts";
import type { Store } from "./store/store.ts";

export interface VolumeUpkeepParts {
  readonly store: Store;
  readonly config: Pick<Config, "auditMaxSize">;
  readonly log: Log;
}

/** A background job that keeps the database within its share of the volume. */
export function volumeUpkeep({ store, config, log }: VolumeUpkeepParts): () => Promise<void> {
  let first = true;
  return async () => {
    // A server that lives for seconds only, such as one under test, takes no space.
    if (!first) store.takeReserve();
    first = false;
    const events = await store.auditBound.keepWithin(config.auditMaxSize);
    if (events > 0) {
      log.warn({ events }, "the audit trail reached LATCHKEY_AUDIT_MAX_SIZE: its oldest events were deleted");
    }
  };
}
