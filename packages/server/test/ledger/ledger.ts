/** A request in a session, or an end of it. */
export type Act =
  /** Opens the session. */
  | "login"
  /** Continue the session, with a refresh token or an access token. */
  | "refresh"
  | "trade"
  | "me"
  /** End the session: a logout, a disabled user or changed password, an old refresh token. */
  | "logout"
  | "user_ended"
  | "replay";

/** One request and its outcome. Times are milliseconds of one clock. */
export interface Entry {
  readonly session: string;
  readonly act: Act;
  readonly sentAt: number;
  readonly answeredAt: number;
  /** Undefined if no answer came, or if the answer leaves the outcome open. */
  readonly status: number | undefined;
  readonly code?: string;
  /** Whether the answer has a `Retry-After`. */
  readonly retryAfter?: boolean;
  /** The refresh token of the request, and the one in the answer. */
  readonly shown?: string;
  readonly successor?: string;
}

const ending: ReadonlySet<Act> = new Set(["logout", "user_ended", "replay"]);

/** Whether an act ends its session when it is carried out. */
export function isEnding({ act }: Entry): boolean {
  return ending.has(act);
}

/** Whether the answer confirms that the session has ended. */
export function saysEnded({ act, status, code }: Entry): boolean {
  if (act === "replay") return status === 401 && code === "token_revoked";
  return (act === "logout" || act === "user_ended") && status === 200;
}

/** Whether the answer shows that the session is live. */
export function saysLives({ act, status }: Entry): boolean {
  return status === 200 && (act === "refresh" || act === "trade" || act === "me");
}
