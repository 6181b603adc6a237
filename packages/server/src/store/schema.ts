import type { Generated } from "kysely";

/** The tables. Times are milliseconds since the epoch; truth values are 0 and 1; lists are JSON. */
export interface Schema {
  users: UserTable;
  sessions: SessionTable;
  revocations: RevocationTable;
  signing_keys: SigningKeyTable;
  audit_events: AuditEventTable;
  heartbeat: HeartbeatTable;
  realm_sessions: RealmSessionTable;
  deletion_time: DeletionTimeTable;
  session_endings: SessionEndingTable;
}

export interface UserTable {
  id: string;
  username: string;
  username_key: string;
  email: string;
  email_key: string;
  display_name: string | null;
  roles: string;
  password_hash: string;
  active: number;
  revision: number;
  created_at: number;
  /** Raised whenever all sessions of the user end. */
  epoch: Generated<number>;
  /** Whether the user is gone and the row waits for its last sessions to go. */
  removed: Generated<number>;
}

export interface SessionTable {
  id: string;
  user_id: string;
  generation: number;
  refresh_hash: string;
  rotated_at: number;
  created_at: number;
  last_used_at: number;
  expires_at: number;
  ends_at: number;
  tokens_until: number;
  ended_at: number | null;
  address_bucket: string;
  /** Repeats of the refresh token before the current one; they count if `repeats_generation` is `generation`. */
  repeats: Generated<number>;
  repeats_generation: Generated<number>;
  /** The user's epoch when it was opened: a session of an earlier epoch has ended. */
  epoch: Generated<number>;
}

/** Users of whom sessions of an earlier epoch are still to be marked as ended, batch by batch. */
interface SessionEndingTable {
  user_id: string;
}

interface RevocationTable {
  number: Generated<number>;
  session_id: string;
  until: number;
}

export interface SigningKeyTable {
  kid: string;
  public_jwk: string;
  sealed_private_key: string;
  created_at: number;
  activated_at: number | null;
  retired_at: number | null;
  keep_until: number | null;
}

/** One row, written to see whether writing works. */
interface HeartbeatTable {
  id: number;
  beats: number;
}

/** One row: the clock as it was read last, and what of it is not believed yet, as JSON. */
interface DeletionTimeTable {
  id: number;
  seen_at: number;
  leaps: string;
}

interface RealmSessionTable {
  id: string;
  user_id: string;
  name_key: string;
  address_bucket: string;
  sealed_hint: string | null;
  tokens_until: number;
  keep_until: number;
  ended_at: number | null;
  told_at: number | null;
}

export interface AuditEventTable {
  number: Generated<number>;
  at: number;
  name: string;
  subject: string | null;
  session_id: string | null;
  address: string;
  request_id: string | null;
  reason: string | null;
  actor: string | null;
}
