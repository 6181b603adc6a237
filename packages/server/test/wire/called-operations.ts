import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** The operations of a document, as far as these tests read one. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

/** The settings of a server that answers every operation of the administration and of the own account. */
export const everyOperation = { LATCHKEY_MAILBOX: "on", LATCHKEY_SIGN_UP: "example.com" };

/**
 * Checks that a generated client was answered with a success by each operation of `/admin/v1`, and of the own account
 * under `/auth`: the other mount has the same routes.
 *
 * @param document the path of the document that the client was generated from
 * @param printed the answer of the client. An operation is named by its id, or by its method and path
 */
export function expectEveryOperation(document: string, printed: string): void {
  const { paths }: Document = JSON.parse(readFileSync(document, "utf8"));
  const ids = new Map<string, string>();
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { operationId }] of Object.entries(methods))
      if (/^\/(admin\/v1|auth)\//.test(path)) ids.set(`${method.toUpperCase()} ${path}`, operationId);
  const { called, refused }: { called: string[]; refused: string[] } = JSON.parse(printed);
  expect(refused).toEqual([]);
  const reached = new Set(called.map((operation) => nameOf(ids.get(operation) ?? operation)));
  expect([...ids.values()].filter((id) => !reached.has(nameOf(id)))).toEqual([]);
}

/** Generators join the underscores of an id. */
const nameOf = (id: string) => id.replaceAll(/_+/g, "_");
