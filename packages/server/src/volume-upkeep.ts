import type { Config } from "./config/config.ts";
import type { Log } from "./log.ts";
import { largeWal } from "./store/sqlite-connection.ts";
import type { Store } from "./store/store.ts";

export interface VolumeUpkeepParts {
  readonly store: Store;
  readonly config: Pick<Config, "auditMaxSize">;
  readonly log: Log;
}

/** A background job that keeps the database within its share of the volume. */
export function volumeUpkeep({ store, config, log }: VolumeUpkeepParts): () => Promise<void> {
  let first = true;
  let large = false;

  function watchLog(): void {
    const bytes = store.logSize() ?? 0;
    if (bytes > largeWal) {
      if (!large) {
        log.warn(
          { bytes },
          "the write-ahead log is large: a reader keeps it. Look for a program with an open transaction on the database: `fuser -v latchkey.db`",
        );
      }
      store.resetLog();
    } else if (large) log.info({ bytes }, "the write-ahead log has its usual size again");
    large = bytes > largeWal;
  }

  return async () => {
    // A server that lives for seconds only, such as one under test, takes no space.
    if (!first) store.takeReserve();
    first = false;
    watchLog();
    const events = await store.auditBound.keepWithin(config.auditMaxSize);
    if (events > 0) {
      log.warn({ events }, "the audit trail reached LATCHKEY_AUDIT_MAX_SIZE: its oldest events were deleted");
    }
  };
}
