import { comparableUrl } from "./resource-urls.ts";
import { administrationOf } from "./resources.ts";

/** The server whose own URLs cannot be added as resources. */
export interface OwnServer {
  readonly issuer: string;
  /** Whether it serves its own tools at `/mcp`. If not, another server may have this URL. */
  readonly mcp: boolean;
}

/** Why a URL of the server itself, in any spelling, cannot be added as a resource. Undefined for any other URL. */
export function ownUrlProblem(url: string, { issuer, mcp }: OwnServer): string | undefined {
  const comparable = comparableUrl(url);
  const isAt = (own: string) => comparable !== undefined && comparable === comparableUrl(own);
  if (isAt(administrationOf(issuer)))
    return `${url} is the administration of this server: it is a resource already, and its scopes are its powers`;
  if (mcp && isAt(`${issuer}/mcp`))
    return `${url} has the tools of this server: it is a resource already, and roles decide there`;
  if (isAt(issuer))
    return `${url} is the issuer, the audience of people's own logins: a client's token for it would pass where those alone are meant`;
  return undefined;
}
