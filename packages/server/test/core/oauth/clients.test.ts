import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LatchkeyError } from "../../../src/core/errors.ts";
import { document, id as documentId } from "../../client-documents/documents-world.ts";
import { caller } from "../small-world.ts";
import { ClientsWorld, event, registered } from "./clients-world.ts";

let world: ClientsWorld;
beforeAll(async () => {
  world = await ClientsWorld.open();
  world.documents.host.publish(new URL(documentId).pathname, document());
  await world.store.clients.add(registered(), event("client.added"));
});
afterAll(() => world[Symbol.asyncDispose]());

const unknown = { code: "unknown_client" };

describe("a client is found", () => {
  test("in the operator's table, by a seal, and by a document", async () => {
    const clients = world.clients();
    expect(await clients.byId("notes", caller)).toEqual(registered());
    const id = world.sealedId("http://localhost:1/cb");
    expect(await clients.byId(id, caller)).toMatchObject({ id, voucher: { by: "nobody" } });
    const voucher = { by: "document", host: "app.example" };
    expect(await clients.byId(documentId, caller)).toMatchObject({ id: documentId, voucher });
  });

  test("in the operator's table first, also if a document has the same id", async () => {
    const id = "https://app.example/added.json";
    await world.store.clients.add(registered({ id }), event("client.added"));
    world.documents.host.publish("/added.json", document({ client_id: id, client_name: "Other" }));
    expect(await world.clients().byId(id, caller)).toMatchObject({
      name: "Notes",
      voucher: { by: "operator" },
    });
  });
});

describe("a client is unknown", () => {
  const kinds = [
    ["of the operator", () => "notes"],
    ["that registered itself", () => world.sealedId("http://localhost/cb")],
    ["with a document", () => documentId],
  ] as const;

  test.each(kinds)("%s while it is blocked", async (_, idOf) => {
    const id = idOf();
    const clients = world.clients();
    await clients.byId(id, caller);
    await world.store.clients.block(id, "Notes", event("client.blocked"), "new");
    await expect(clients.byId(id, caller)).rejects.toMatchObject(unknown);
    await world.store.clients.unblock(id, event("client.unblocked"));
    expect(await clients.byId(id, caller)).toMatchObject({ id });
  });

  test("whose document is blocked, and the host is not asked", async () => {
    const id = "https://app.example/blocked.json";
    await world.store.clients.block(id, "Blocked", event("client.blocked"), "new");
    await expect(world.clients().byId(id, caller)).rejects.toMatchObject(unknown);
    expect(world.documents.host.asked).not.toContain(id);
  });

  test("if registration is off, also with an id from before", async () => {
    const id = world.sealedId("http://localhost/cb");
    await expect(world.clients({ registration: true }).byId(id, caller)).rejects.toMatchObject(unknown);
  });

  test("if documents are off", async () => {
    await expect(world.clients({ documents: true }).byId(documentId, caller)).rejects.toMatchObject(unknown);
  });

  test.each([
    ["an empty id", ""],
    ["another id", "other"],
    ["a forged seal", "lkc_AAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
    ["a document in plain text", "http://app.example/oauth/client.json"],
    ["a control character", "no\u0000tes"],
    ["a space", "notes "],
    ["another case", "Notes"],
    ["a letter beyond ASCII", "nötes"],
    ["too many characters", "a".repeat(1_501)],
  ])("with %s", async (_, id) => {
    await expect(world.clients().byId(id, caller)).rejects.toMatchObject({ ...unknown, status: 400 });
  });

  test("with any id, and nothing else goes wrong", async () => {
    const clients = world.clients();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: "binary" }), fc.webUrl()), async (id) => {
        const error: unknown = await clients.byId(id, caller).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(LatchkeyError);
        expect(["unknown_client", "client_document_unavailable", "rate_limited"]).toContain(
          error instanceof LatchkeyError && error.code,
        );
      }),
    );
  });
});
