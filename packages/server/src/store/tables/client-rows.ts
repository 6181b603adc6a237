import { isObject } from "@latchkey/guard/own-members";
import { type ClientCredential, grantTypes } from "../../core/oauth/client.ts";
import type { RegisteredClient } from "../../core/oauth/registered-clients.ts";
import { textsIn } from "./json-texts.ts";

/** A row of `clients` that the operator added. Lists are JSON arrays. */
export interface ClientRow {
  readonly id: string;
  readonly name: string;
  readonly redirectUris: string;
  readonly credentials: string;
  readonly grantTypes: string;
  readonly roles: string;
  readonly scope: string;
  readonly sessionId: string | null;
  readonly createdAt: number;
  readonly blockedAt: number | null;
}

/** The row of a client. */
export function rowOf({ voucher: _, ...client }: RegisteredClient): ClientRow {
  return {
    ...client,
    redirectUris: JSON.stringify(client.redirectUris),
    credentials: JSON.stringify(client.credentials),
    grantTypes: JSON.stringify(client.grantTypes),
    roles: JSON.stringify(client.roles),
  };
}

/** The client in a row. Undefined if a newer version wrote credentials that this one cannot check. */
export function clientIn(row: ClientRow): RegisteredClient | undefined {
  const [first, ...others] = credentialsIn(row.credentials);
  if (first === undefined) return undefined;
  const named = textsIn(row.grantTypes);
  return {
    ...row,
    redirectUris: textsIn(row.redirectUris),
    credentials: [first, ...others],
    grantTypes: grantTypes.filter((grantType) => named.includes(grantType)),
    roles: textsIn(row.roles),
    voucher: { by: "operator" },
  };
}

function credentialsIn(column: string): ClientCredential[] {
  const credentials: unknown = JSON.parse(column);
  return Array.isArray(credentials) ? credentials.filter(isCredential) : [];
}

function isCredential(value: unknown): value is ClientCredential {
  if (!isObject(value)) return false;
  switch (value["kind"]) {
    case "none":
      return true;
    case "secret":
      return typeof value["hash"] === "string";
    case "keys":
      return Array.isArray(value["keys"]) && value["keys"].every(isObject);
    case "key_address":
      return typeof value["url"] === "string";
    default:
      return false;
  }
}
