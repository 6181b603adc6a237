import { idempotencyKey, ifMatch, pageQuery } from "./openapi-admin.ts";

// The operations on OAuth clients, as the document shows them.

const example = {
  id: "nightly-report-0a1b2c3d4e5f",
  name: "Nightly report",
  added: true,
  blocked_at: null,
  live_sessions: 0,
};
const shown = { description: "The client", model: "AdminClient", example, etag: true } as const;

export const listClients = {
  id: "list_clients",
  summary: "List OAuth clients",
  description: "Those that were added here, blocked ones, and those with live sessions.",
  powers: ["clients:read"],
  query: pageQuery,
  answer: { description: "A page of clients", model: "AdminClientPage", example: { items: [example] } },
} as const;

export const addClient = {
  id: "add_client",
  summary: "Add an OAuth client",
  description:
    "Roles of a machine need the power `roles:write`, and scopes of this API the powers of the same name: nobody gives " +
    "away more than they have.",
  powers: ["clients:write"],
  body: "AdminClientRequest",
  issue: { loc: ["body", "name"], msg: "Field required", type: "missing" },
  headers: idempotencyKey,
  answer: { ...shown, description: "The client, with its secret if it has one", status: 201 },
  refusals: ["conflict", "request_in_progress", "idempotency_key_reused"],
} as const;

export const showClient = {
  id: "show_client",
  summary: "Show an OAuth client",
  description:
    "The id is percent-encoded in the path. The `ETag` covers all fields but `live_sessions`, and the secret. A client " +
    "that describes itself has one `ETag` until it is blocked.",
  powers: ["clients:read"],
  answer: shown,
} as const;

export const removeClient = {
  id: "remove_client",
  summary: "Remove an OAuth client that was added here",
  description: "Ends its sessions. Its id and its credentials are void for good.",
  powers: ["clients:write"],
  headers: ifMatch,
  answer: { description: "The client was removed", model: "AdminMessage", example: { message: "Removed" } },
  refusals: ["validation_error", "precondition_failed"],
} as const;

export const blockClient = {
  id: "block_client",
  summary: "Block an OAuth client",
  description: "Ends its sessions and its own tokens at once, and keeps it out.",
  powers: ["clients:write"],
  headers: ifMatch,
  answer: shown,
  refusals: ["precondition_failed"],
} as const;

export const unblockClient = {
  id: "unblock_client",
  summary: "Unblock an OAuth client",
  powers: ["clients:write"],
  headers: ifMatch,
  answer: shown,
  refusals: ["precondition_failed"],
} as const;

export const replaceSecret = {
  id: "replace_client_secret",
  summary: "Give an OAuth client a new secret",
  description:
    "The earlier secret stops at once. Tokens that are out go on: block and unblock the client to end them. The caller " +
    "needs every power that the client has.",
  powers: ["clients:write"],
  headers: ifMatch,
  answer: {
    description: "The new secret",
    model: "AdminClientSecret",
    example: { id: example.id, secret: "lks_…" },
  },
  refusals: ["conflict", "validation_error", "precondition_failed"],
} as const;
