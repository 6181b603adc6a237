/** What was asked of a session, or done to it. */
export type Act =
  /** Opens it. */
  | "login"
  /** Uses a refresh token, or an access token, to go on. */
  | "refresh"
  | "trade"
  | "me"
  /** End it: by its owner, by somebody who may disable the user or set a password, by an old refresh token. */
  | "logout"
  | "user_ended"
  | "replay";

/** One request and what came of it. Times are milliseconds of one clock. */
export interface Entry {
  readonly session: string;
  readonly act: Act;
  readonly sentAt: number;
  readonly answeredAt: number;
  /** Undefined where no answer came, or none that says whether it was done. */
  readonly status: number | undefined;
  readonly code?: string;
  /** Whether an answer that tells to come back says when. */
  readonly retryAfter?: boolean;
  /** Which refresh token was shown, and which one came back. */
  readonly shown?: string;
  readonly successor?: string;
}

const ending: ReadonlySet<Act> = new Set(["logout", "user_ended", "replay"]);

/** Whether an act ends its session where it is carried out. */
export function isEnding({ act }: Entry): boolean {
  return ending.has(act);
}

/** Whether a session is known to have ended when this was answered. */
export function saysEnded({ act, status, code }: Entry): boolean {
  if (act === "replay") return status === 401 && code === "token_revoked";
  return (act === "logout" || act === "user_ended") && status === 200;
}

/** Whether a session was let through. */
export function saysLives({ act, status }: Entry): boolean {
  return status === 200 && (act === "refresh" || act === "trade" || act === "me");
}
