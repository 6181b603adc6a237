import type { Guard } from "../guard.ts";
import type { ToolPolicy, ToolRules } from "./tool-policy.ts";

/** The policy of the tools, and what HTTP needs besides. */
export interface HttpPolicy<Tools extends ToolRules = ToolRules> extends ToolPolicy<Tools> {
  readonly guard: Pick<Guard, "verify"> & Partial<Pick<Guard, "issuer" | "authorizationServer">>;
  /**
   * The address of the MCP endpoint, such as `https://notes.example/mcp`. It is what clients ask a token for,
   * so it should be among the guard's audiences.
   */
  readonly resource: string;
  /**
   * Issuers that OAuth clients can ask for a token (RFC 9728 §2). Default: the guard's own, if its metadata names an
   * authorization endpoint. An empty list names none.
   */
  readonly authorizationServers?: readonly string[];
  /** Scopes that clients may ask for. Default: none are named. */
  readonly scopesSupported?: readonly string[];
  /**
   * Web pages that may call the endpoint from a browser, as origins such as `https://app.example`; `*` for
   * all. Default: those of the endpoint's own origin, and of this machine where the endpoint is on it.
   */
  readonly origins?: readonly string[] | "*";
  /** The longest body that is read, in bytes. Default: 1 MiB. */
  readonly maxBodySize?: number;
}
