import { discoverAuthorizationServerMetadata as discoverByVersion2 } from "@modelcontextprotocol/client";
import { discoverAuthorizationServerMetadata as discoverByVersion1 } from "@modelcontextprotocol/sdk/client/auth.js";

/**
 * Looks for an authorization server, as a major version of the official client does it before it signs in.
 *
 * @returns its metadata; undefined if the address has no authorization server
 * @throws if the client cannot read the document that it finds
 */
export async function discover(major: 1 | 2, address: string): Promise<object | undefined> {
  return major === 1 ? discoverByVersion1(address) : discoverByVersion2(address);
}
