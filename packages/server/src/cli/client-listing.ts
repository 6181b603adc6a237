import type { FoundClient, ListedClient } from "../core/oauth/registered-clients.ts";
import { SealedClients } from "../core/oauth/sealed-clients.ts";
import { clientAnswer, wholeClientAnswer } from "../http/admin/admin-answers.ts";
import type { ClientAnswer } from "../http/admin/admin-models.ts";
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
  fields: clientAnswer,
};

/** The forms of one client. The description of a registration stands in its id, as its own claim. */
export const shownClient: Listing<FoundClient> = {
  heading: [
    ...clientListing.heading,
    ...["REDIRECT URIS", "GRANT TYPES", "PROOF", "ROLES", "SCOPES", "ADDED AT"],
  ],
  cells(client) {
    const { redirect_uris, grant_types, authentication, roles, scopes, created_at } = fieldsOf(client);
    return [
      ...clientListing.cells(client),
      redirect_uris?.join(" ") ?? "",
      grant_types?.join(" ") ?? "",
      authentication ?? "",
      roles?.join(" ") ?? "",
      scopes?.join(" ") ?? "",
      created_at ?? "",
    ];
  },
  fields: fieldsOf,
};

function fieldsOf(client: FoundClient): ClientAnswer {
  const fields = wholeClientAnswer(client);
  const claim = client.registered === undefined ? SealedClients.claimOf(client.id) : undefined;
  if (claim === undefined) return fields;
  return {
    ...fields,
    redirect_uris: [...claim.redirectUris],
    grant_types: ["authorization_code", "refresh_token"],
    authentication: claim.method === "none" ? "none" : "secret",
  };
}
