import type { AuditEvent } from "../audit-events.ts";

/** An API or MCP server that access tokens can be for, named by its URL (RFC 8707 §2). */
export interface Resource {
  /** Its canonical URL: the `aud` of its tokens. */
  readonly url: string;
  /** A name for people. Default: its URL. */
  readonly name: string | null;
  /** The scopes that clients may ask for. Others are dropped. */
  readonly scopes: readonly string[];
}

/** A resource that the operator added. */
export interface RegisteredResource extends Resource {
  readonly createdAt: number;
}

/** The table of resources that the operator added. Every change is durable when its promise resolves. */
export interface RegisteredResources {
  /** All of them, by URL: there are few. */
  list(): Promise<RegisteredResource[]>;
  /** Adds a resource, or replaces its name and scopes. */
  put(resource: RegisteredResource, event: AuditEvent): Promise<void>;
  /** @returns false if it is unknown */
  remove(url: string, event: AuditEvent): Promise<boolean>;
}

/** Finds the resource that a request is for. */
export interface Resources {
  /**
   * The resource of a request, by its canonical URL.
   *
   * @param asked the parameter `resource`; undefined for the default resource
   * @throws {LatchkeyError} `invalid_target` if no resource has this URL
   */
  named(asked: string | undefined): Promise<Resource>;
}
