import type { Browser } from "../browser.ts";
import type { Callback } from "../callback.ts";

/** The parts of a connection of either major version. */
export interface Opening {
  readonly address: URL;
  readonly clientName: string;
  readonly documentUrl: string | undefined;
  readonly callback: Callback;
  readonly browser: Browser;
}

/** A connection of either major version, as far as a program uses it. */
export interface Connection {
  connect(): Promise<void>;
  /** Trades the code of an authorization response. */
  finish(response: URLSearchParams): Promise<void>;
  isUnauthorized(error: unknown): boolean;
  listTools(): Promise<unknown>;
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}
