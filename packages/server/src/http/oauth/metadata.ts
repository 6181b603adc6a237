import { grantTypes } from "../../core/oauth/client.ts";

/** The settings that the metadata of the authorization server shows. */
export interface AuthorizationServerOptions {
  readonly issuer: string;
  /** Whether clients may register themselves. */
  readonly registration: boolean;
  /** Whether a client id may be the URL of a client's document. */
  readonly clientDocuments: boolean;
  /** The algorithm of access tokens. */
  readonly signingAlgorithm: string;
  /** The algorithms of client assertions. */
  readonly assertionAlgorithms: readonly string[];
}

/** How a client may prove that it is itself. Some clients register themselves only if `none` is listed. */
const authentication = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"] as const;

/**
 * The members of RFC 8414 §2, and those that OpenID Connect Discovery 1.0 §3 requires. No member has an empty array.
 *
 * `scopes_supported` is left out, because several clients ask for everything on it. `offline_access` would make them
 * ask the person twice, and every client gets a refresh token anyway.
 */
export function authorizationServerMetadata(options: AuthorizationServerOptions) {
  const { issuer, registration, clientDocuments, signingAlgorithm, assertionAlgorithms } = options;
  return {
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    ...(registration && { registration_endpoint: `${issuer}/oauth/register` }),
    revocation_endpoint: `${issuer}/oauth/revoke`,
    introspection_endpoint: `${issuer}/oauth/introspect`,
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: [...grantTypes],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: [...authentication],
    token_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
    revocation_endpoint_auth_methods_supported: [...authentication],
    revocation_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: clientDocuments,
    // OpenID Connect requires both. Latchkey issues no ID token.
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [signingAlgorithm],
  };
}
