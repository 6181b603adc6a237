import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isDocumentId,
  RefusedDocument,
  readClientDocument,
} from "../../../src/core/oauth/client-document.ts";
import { matches } from "../../../src/core/oauth/redirect-uris.ts";
import { knownClients } from "./known-clients.ts";

const id = "https://app.example/oauth/client.json";
const document = (change: Readonly<Record<string, unknown>> = {}) => ({
  client_id: id,
  client_name: "Notes",
  redirect_uris: ["https://app.example/cb"],
  token_endpoint_auth_method: "none",
  ...change,
});

describe("the id of a client document", () => {
  test.each([id, "https://app.example/a?tenant=1", "https://xn--exmple-cua.example/c", "https://8.8.8.8/c"])(
    "may be %s",
    (given) => expect(isDocumentId(given)).toBe(true),
  );

  test.each([
    ["plain http", "http://app.example/client.json"],
    ["no path", "https://app.example"],
    ["an empty path", "https://app.example/"],
    ["another port", "https://app.example:8443/client.json"],
    ["the usual port", "https://app.example:443/client.json"],
    ["a user", "https://user@app.example/client.json"],
    ["an empty user", "https://@app.example/client.json"],
    ["a fragment", `${id}#part`],
    ["an empty fragment", `${id}#`],
    ["dot segments", "https://app.example/oauth/../client.json"],
    ["encoded dot segments", "https://app.example/oauth/%2e%2e/client.json"],
    ["a host in capitals", "https://APP.example/client.json"],
    ["a host in Unicode", "https://exämple.example/client.json"],
    ["a short address", "https://127.1/client.json"],
    ["a number as its host", "https://2130706433/client.json"],
    ["a hexadecimal address", "https://0x7f000001/client.json"],
    ["a space", "https://app.example/a b"],
    ["a backslash", "https://app.example\\client.json"],
    ["a line break", `${id}\n`],
    ["a word", "notes"],
    ["too many characters", `https://app.example/${"a".repeat(512)}`],
  ])("is refused with %s", (_, given) => expect(isDocumentId(given)).toBe(false));
});

describe("a client document", () => {
  test.each(knownClients.filter(({ by }) => by === "document"))(
    "of $name is read, and its redirect URIs are accepted",
    ({ name, sent, uses, credentials }) => {
      const documentId = String(sent["client_id"]);
      expect(isDocumentId(documentId)).toBe(true);
      const client = readClientDocument(documentId, sent);
      expect(client).toEqual({
        id: documentId,
        name,
        redirectUris: sent["redirect_uris"],
        credentials,
        grantTypes: ["authorization_code", "refresh_token"],
        voucher: { by: "document", host: new URL(documentId).hostname },
      });
      for (const used of uses) {
        expect(client.redirectUris.some((registered) => matches(registered, used))).toBe(true);
      }
    },
  );

  test("may leave out its method, and name more than is known here", () => {
    const { token_endpoint_auth_method: _, ...plain } = document({ grant_types: ["x"], unknown: { a: 1 } });
    expect(readClientDocument(id, plain).credentials).toEqual([{ kind: "none" }]);
  });

  test("may hold its keys", () => {
    const jwks = { keys: [{ kty: "EC", crv: "P-256", x: "x", y: "y" }] };
    const given = document({ token_endpoint_auth_method: "private_key_jwt", jwks });
    expect(readClientDocument(id, given).credentials).toEqual([{ kind: "keys", keys: jwks.keys }]);
  });

  test("loses redirect URIs that are not allowed", () => {
    const given = document({ redirect_uris: ["javascript:alert(1)", 7, "https://app.example/cb", null] });
    expect(readClientDocument(id, given).redirectUris).toEqual(["https://app.example/cb"]);
  });

  test("loses invisible characters of its name", () => {
    const given = document({ client_name: " No\u202etes\u0000\n\u200b  App " });
    expect(readClientDocument(id, given).name).toBe("No tes App");
    expect(readClientDocument(id, document({ client_name: "N".repeat(9_999) })).name).toBe("N".repeat(100));
  });

  test.each([
    ["not an object", ["x"], "it is not a JSON object"],
    ["null", null, "it is not a JSON object"],
    ["of another id", document({ client_id: `${id}?` }), "its client_id is not its own URL"],
    ["with an array as its id", document({ client_id: [id] }), "its client_id is not its own URL"],
    ["with a secret", document({ client_secret: "s" }), "it holds a secret"],
    ["with the end of a secret", document({ client_secret_expires_at: 0 }), "it holds a secret"],
    ["with a private key", document({ jwks: { keys: [{ kty: "EC", d: "d" }] } }), "it holds a secret"],
    ["with a symmetric key", document({ jwks: { keys: [{ kty: "oct", k: "k" }] } }), "it holds a secret"],
    ["without a name", document({ client_name: undefined }), "it has no client_name"],
    ["with an invisible name", document({ client_name: " \u200b\u202e" }), "it has no client_name"],
    ["without a redirect URI", document({ redirect_uris: [] }), "it has no redirect URI that is allowed"],
    [
      "with a bad redirect URI",
      document({ redirect_uris: "https://app.example/cb" }),
      "it has no redirect URI that is allowed",
    ],
    [
      "that asks for a secret",
      document({ token_endpoint_auth_method: "client_secret_basic" }),
      "it offers no way to authenticate that is known here",
    ],
    [
      "with keys at an address in plain text",
      document({ token_endpoint_auth_method: "private_key_jwt", jwks_uri: "http://app.example/jwks" }),
      "it offers no way to authenticate that is known here",
    ],
  ])("%s is refused", (_, given, reason) => {
    expect(() => readClientDocument(id, given)).toThrow(new RefusedDocument(reason));
  });

  test("of any shape is read or refused, and never gets a client another id", () => {
    const name = fc.constantFrom(
      ...["client_id", "client_name", "redirect_uris", "jwks", "jwks_uri", "__proto__", "client_secret"],
      ...["token_endpoint_auth_method", "token_endpoint_auth_methods_supported"],
    );
    const value = fc.oneof(fc.anything(), fc.constantFrom(id, "Notes", ["https://app.example/cb"], ["none"]));
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(name, value), fc.anything()), (given) => {
        try {
          expect(readClientDocument(id, given).id).toBe(id);
        } catch (error) {
          expect(error).toBeInstanceOf(RefusedDocument);
        }
      }),
    );
  });
});
