import type { AuditEvent, AuditEventName } from "../../src/core/audit-events.ts";
import type { NewUser } from "../../src/core/people/users.ts";
import type { Session } from "../../src/core/stories/sessions.ts";

export const now = 1_700_000_000_000;
const day = 86_400_000;

export const event = (name: AuditEventName): AuditEvent => ({ name, at: now, address: "test" });

export const user = (name: string): NewUser => ({
  id: `user:${name}`,
  username: name,
  usernameKey: name,
  email: `${name}@example.com`,
  emailKey: `${name}@example.com`,
  displayName: null,
  roles: ["user"],
  passwordHash: "$argon2id$first",
});

export const session = (id: string, userId = "user:alice"): Session => ({
  id,
  userId,
  client: null,
  generation: 0,
  refreshHash: `${id}-0`,
  rotatedAt: now,
  createdAt: now,
  lastUsedAt: now,
  expiresAt: now + 7 * day,
  endsAt: now + 30 * day,
  tokensUntil: now + 3_600_000,
  endedAt: null,
  addressBucket: "192.0.2.1",
});
export const keysOf = (key: string) => ({ key, older: [key, key] }) as const;
