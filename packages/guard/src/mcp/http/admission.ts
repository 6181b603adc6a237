import type { HttpAnswer } from "./http-answer.ts";
import type { AnyAuthInfo } from "./http-bearer.ts";

/** A request, as far as it is looked at before the SDK has it. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  header(name: string): string | undefined;
  /** @returns undefined where the body is longer than so many bytes */
  body(limit: number): Promise<Body | undefined>;
}

/** A body that was read: as text, or parsed by who read it before. */
export type Body = { readonly text: string } | { readonly parsed: unknown };

/** A body for the SDK: parsed, with tokens that nobody can read, and as text, without them. */
export interface CleanBody {
  readonly parsed: unknown;
  readonly text: string;
}

/** A request that may go on to the SDK. */
export interface Admitted {
  readonly authInfo: AnyAuthInfo | undefined;
  /** The body; undefined where there is none. */
  readonly body: CleanBody | undefined;
  /** Headers for the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Told of the session that the answer names. */
  answered(status: number, session: string | null | undefined): void;
  /** Whether the answer may go on for as long as the client likes, and so longer than its token lives. */
  readonly endless: boolean;
  /** @throws {TokenError} where the request would not be admitted any more */
  recheck(): Promise<void>;
}

export type Admission = { readonly answer: HttpAnswer } | { readonly admitted: Admitted };
