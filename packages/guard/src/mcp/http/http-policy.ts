import { isScope } from "../../bearer.ts";
import type { Guard } from "../../guard.ts";
import type { AnyGuard } from "../held-token.ts";
import type { ToolPolicy, ToolRules } from "../policy.ts";

/** The settings that HTTP adds to the policy of the tools. */
interface HttpSettings {
  readonly guard: AnyGuard & Partial<Pick<Guard, "issuer" | "authorizationServer">>;
  /**
   * The address of the MCP endpoint, such as `https://notes.example/mcp`. Clients ask for a token for this address, so
   * it should be among the guard's audiences. If it is at a loopback name such as `localhost`, the metadata repeats the
   * loopback name in a request's `Host`.
   */
  readonly resource: string;
  /**
   * Issuers that OAuth clients can ask for a token (RFC 9728 §2). Default: the guard's own, if its metadata names an
   * authorization endpoint. An empty list names none.
   */
  readonly authorizationServers?: readonly string[];
  /**
   * Scopes that a client asks for when it signs in: in the metadata, and in the challenge of a 401. A call that needs
   * more gets 403 with all of its scopes. Default: none are named.
   */
  readonly scopesSupported?: readonly string[];
  /**
   * Web pages that may call the endpoint from a browser, as origins such as `https://app.example`; `*` for all.
   * Default: the endpoint's own origin, and pages of this machine if the endpoint is on it.
   */
  readonly origins?: readonly string[] | "*";
  /** The longest accepted body, in bytes. Default: 1 MiB. */
  readonly maxBodySize?: number;
}

/** The answer to a request without a bearer header. */
type WithoutBearer =
  | {
      /**
       * `challenge`: 401 to every request, which makes a standard client sign in. The default.
       *
       * `field`: a caller without a header finds the tools, and each call carries its token in `tokenField`. A standard
       * client never signs in there.
       */
      readonly withoutBearer?: "challenge";
      /** Only for `withoutBearer: "field"`. */
      readonly tokenField?: never;
    }
  | { readonly withoutBearer: "field"; readonly tokenField: string };

/** The policy of the tools, and the settings that HTTP adds. */
export type HttpPolicy<Tools extends ToolRules = ToolRules> = ToolPolicy<Tools> &
  HttpSettings &
  WithoutBearer;

/**
 * Asserts the options that belong together. A program without types may give any value.
 *
 * @throws {Error} with the option and a valid value
 */
export function assertHttpPolicy({
  withoutBearer = "challenge",
  tokenField,
  scopesSupported = [],
}: HttpPolicy) {
  if (withoutBearer !== "challenge" && withoutBearer !== "field") {
    throw new Error('guardMcp: withoutBearer must be "challenge" or "field"');
  }
  if (withoutBearer === "challenge" && tokenField !== undefined) {
    throw new Error(
      'guardMcp: tokenField has no effect on a request without a header: leave it out, or set withoutBearer: "field"',
    );
  }
  if (withoutBearer === "field" && tokenField === undefined) {
    throw new Error(
      'guardMcp: withoutBearer: "field" needs tokenField, the name of the argument with the token',
    );
  }
  if (!Array.isArray(scopesSupported) || !scopesSupported.every(isScope)) {
    throw new Error(
      "guardMcp: scopesSupported must be a list of scopes, each without spaces and quotation marks",
    );
  }
}
