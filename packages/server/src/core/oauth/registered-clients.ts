import type { AuditEvent } from "../audit-events.ts";
import type { Client, ClientCredential } from "./client.ts";

/** A client that the operator added. */
export interface RegisteredClient extends Client {
  readonly voucher: { readonly by: "operator" };
  /** The roles in its own tokens (client credentials). */
  readonly roles: readonly string[];
  /** The scope of its own tokens, separated by spaces. */
  readonly scope: string;
  /** The `sid` of its own tokens. Null if it may not use client credentials. */
  readonly sessionId: string | null;
  readonly createdAt: number;
  readonly blockedAt: number | null;
}

/** A client with its live sessions, as the operator sees it. */
export interface ListedClient {
  readonly id: string;
  readonly name: string;
  /** Whether the operator added it. */
  readonly added: boolean;
  readonly blockedAt: number | null;
  /** Live sessions. */
  readonly sessions: number;
}

/** A client of that list, with all that is known of it. */
export interface FoundClient extends ListedClient {
  /** Undefined if the operator did not add it. */
  readonly registered: RegisteredClient | undefined;
}

/** The columns of a client that changes replace. A conditional change compares them in its own step. */
export interface ClientState {
  /** Empty if the operator did not add the client. */
  readonly credentials: readonly ClientCredential[];
  readonly blockedAt: number | null;
}

/**
 * The table of clients that the operator added or blocked. Every change is durable when its promise resolves. A change
 * of a client takes the state that its author has `seen`. If the client has another one, nothing is changed, and the
 * result is false. Default: any state will do.
 */
export interface RegisteredClients {
  byId(id: string): Promise<RegisteredClient | undefined>;
  /** Whether the operator blocked the client, whatever describes it. */
  isBlocked(id: string): Promise<boolean>;
  /**
   * The operator's clients, blocked ones, and those with live sessions, by id.
   *
   * @param page `after` is an id: later ones alone
   * @param at the time at which sessions are live
   */
  list(
    page: { readonly after?: string | undefined; readonly limit: number },
    at: number,
  ): Promise<ListedClient[]>;
  /** One client of that list. */
  listed(id: string, at: number): Promise<ListedClient | undefined>;
  /** @returns false if the id is taken */
  add(client: RegisteredClient, event: AuditEvent): Promise<boolean>;
  /**
   * Blocks a client and ends its sessions, in one step of a bounded size. A client that the operator did not add gets
   * a row with its name.
   *
   * @param newSessionId the `sid` of its later tokens, should it be unblocked
   * @returns false if it was blocked before
   */
  block(
    id: string,
    name: string,
    event: AuditEvent,
    newSessionId: string,
    seen?: ClientState,
  ): Promise<boolean>;
  /** @returns false if it was not blocked */
  unblock(id: string, event: AuditEvent, seen?: ClientState): Promise<boolean>;
  /**
   * Replaces the credentials of a client that the operator added. From now on the earlier ones prove nothing.
   *
   * @returns false if it is unknown, or if its credentials are no longer `from`
   */
  replaceCredentials(
    id: string,
    from: Client["credentials"],
    to: readonly [ClientCredential],
    event: AuditEvent,
    seen?: ClientState,
  ): Promise<boolean>;
  /** Removes a client and ends its sessions. @returns false if it is unknown */
  remove(id: string, event: AuditEvent, seen?: ClientState): Promise<boolean>;
}
