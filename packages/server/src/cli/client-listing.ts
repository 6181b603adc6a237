import type { ClientCredential } from "../core/oauth/client.ts";
import type { ListedClient, RegisteredClient } from "../core/oauth/registered-clients.ts";
import { SealedClients } from "../core/oauth/sealed-clients.ts";
import type { Listing } from "./listing.ts";

/** The forms of a client in a list. */
export const clientListing: Listing<ListedClient> = {
  heading: ["ID", "NAME", "ADDED BY", "STATUS", "SESSIONS"],
  cells: (client) => [
    client.id,
    client.name,
    client.added ? "operator" : "itself",
    client.blockedAt === null ? "active" : "blocked",
    String(client.sessions),
  ],
  fields: fieldsOf,
};

/** A client with all that it may do, as far as this database knows it. */
export interface ShownClient extends ListedClient {
  /** Undefined if the operator did not add it. */
  readonly registered: RegisteredClient | undefined;
}

/** The forms of one client. The description of a registration stands in its id, as its own claim. */
export const shownClient: Listing<ShownClient> = {
  heading: [
    ...clientListing.heading,
    ...["REDIRECT URIS", "GRANT TYPES", "PROOF", "ROLES", "SCOPES", "ADDED AT"],
  ],
  cells(client) {
    const { redirect_uris, grant_types, proofs, roles, scopes, created_at } = rightsOf(client);
    return [
      ...clientListing.cells(client),
      redirect_uris.join(" "),
      grant_types.join(" "),
      proofs.join(" "),
      roles.join(" "),
      scopes.join(" "),
      created_at ?? "",
    ];
  },
  fields: (client) => ({ ...fieldsOf(client), ...rightsOf(client) }),
};

function fieldsOf({ id, name, added, blockedAt, sessions }: ListedClient) {
  return {
    id,
    name,
    added,
    blocked_at: blockedAt === null ? null : new Date(blockedAt).toISOString(),
    live_sessions: sessions,
  };
}

function rightsOf({ id, registered }: ShownClient) {
  const claim = registered === undefined ? SealedClients.claimOf(id) : undefined;
  return {
    redirect_uris: [...(registered?.redirectUris ?? claim?.redirectUris ?? [])],
    grant_types: [...(registered?.grantTypes ?? (claim ? ["authorization_code", "refresh_token"] : []))],
    proofs: registered?.credentials.map(proofOf) ?? (claim ? [claim.method] : []),
    roles: [...(registered?.roles ?? [])],
    scopes: registered?.scope.split(" ").filter(Boolean) ?? [],
    created_at: registered === undefined ? null : new Date(registered.createdAt).toISOString(),
  };
}

/** A proof of identity, without its secret or its keys. */
function proofOf(credential: ClientCredential): string {
  return credential.kind === "key_address" ? credential.url : credential.kind;
}
