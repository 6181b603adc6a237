import type { Browser } from "../browser.ts";

/** A connected client. Each operation signs in again if the server asks for it. */
export interface Peer extends AsyncDisposable {
  /** The names of the tools. */
  tools(): Promise<readonly string[]>;
  /** Calls a tool. @returns the text of its result */
  call(tool: string, args?: Readonly<Record<string, unknown>>): Promise<string>;
}

export interface PeerOptions {
  /** The address of the MCP server, as a person would enter it. */
  readonly address: string;
  readonly browser: Browser;
  /** The name with which the client registers. */
  readonly clientName: string;
  /** The address of the client's document, which is then its id. Without it, the client registers. */
  readonly documentUrl?: string;
}

/** A kind of client, such as a major version of an SDK. */
export interface PeerKind {
  readonly name: string;
  connect(options: PeerOptions): Promise<Peer>;
}
