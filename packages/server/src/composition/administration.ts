import { atFirstUse } from "../core/first-use.ts";
import { createOnce } from "../core/idempotency.ts";
import type { SelfService } from "../core/people/self-service.ts";
import type { UserChanges } from "../core/people/user-changes.ts";
import { createClientAdministration } from "../core/stories/client-administration.ts";
import type { UserOf } from "../core/stories/current-user.ts";
import { createKeyAdministration } from "../core/stories/key-administration.ts";
import { createEveryEvent, createRecentEvents } from "../core/stories/recent-events.ts";
import { createResourceAdministration } from "../core/stories/resource-administration.ts";
import {
  createSessionAdministration,
  type SessionAdministrationParts,
} from "../core/stories/session-administration.ts";
import type { AdminResource } from "../http/admin/admin-metadata.ts";
import type { AdminStories } from "../http/admin/admin-routes.ts";
import { createOnceByHeader } from "../http/admin/idempotency-header.ts";
import type { Foundation, Keys } from "./keys.ts";

/** The parts that the administration is composed with. */
export interface AdministrationParts extends Foundation {
  readonly keys: Keys;
  readonly userOf: UserOf;
  /** The users with sessions here. */
  readonly users: SessionAdministrationParts["users"];
  readonly longestGrace: number;
  /** Undefined with an identity provider. */
  readonly people: { readonly changes: UserChanges; readonly selfService: SelfService } | undefined;
  readonly resource: AdminResource;
}

/** Composes the administration over HTTP. */
export function composeAdministration(parts: AdministrationParts): AdminStories {
  const { config, issuer, store, keys, people, clock, log } = parts;
  const { signingKeys, revocations, adminResource: resource } = keys;
  const { first, others } = keys.keyring;
  const secrets = [first.idempotencySeal, ...others.map(({ idempotencySeal }) => idempotencySeal)] as const;
  const once = createOnceByHeader(createOnce({ keys: store.idempotencyKeys, secrets, clock }));
  const { users, sessions, clients, resources, events } = store;
  const own = { issuer, mcp: config.mcp === "on" };
  return {
    // Loaded at the first request: a start needs none of the guard's adapters.
    openGuard: atFirstUse(async () => {
      const { createGuard } = await import("@latchkey/guard");
      return createGuard({
        issuer,
        audience: [...(config.audience ?? [issuer]), resource],
        clockTolerance: 0,
        keys: signingKeys,
        revocations,
        now: clock,
        onEvent: (event) => log.debug(event, "the guard of the administration"),
      });
    }),
    ...parts.resource,
    userOf: parts.userOf,
    people: people && { ...people, language: config.mailLanguage, createOnce: once },
    sessions: createSessionAdministration({ ...parts, sessions, revocations }),
    recentEvents: createRecentEvents(users, events),
    everyEvent: createEveryEvent(users, events),
    keys: createKeyAdministration({
      store: store.keys,
      signingKeys,
      tokenLifetime: config.accessTokenTtl,
      clock,
    }),
    clients: ({ by, held }) => createClientAdministration({ clients, revocations, clock, by, held }),
    resources: ({ by }) => createResourceAdministration({ resources, clock, own, by }),
    createOnce: once,
    log,
  };
}
