import type { ServerResponse } from "node:http";
import { publicAddress } from "@latchkey/testkit/oauth/document-host";
import { until } from "@latchkey/testkit/until";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { storeUnavailable } from "../../src/core/errors.ts";
import { type ClientDocuments, readClientDocument } from "../../src/core/oauth/client-document.ts";
import { knownClients } from "../core/oauth/known-clients.ts";
import { caller } from "../core/small-world.ts";
import { DocumentsWorld, document, id } from "./documents-world.ts";

const path = new URL(id).pathname;
const minute = 60_000;
const day = 86_400_000;

let world: DocumentsWorld;
beforeEach(async () => {
  world = await DocumentsWorld.open();
  world.host.publish(path, document());
});
afterEach(() => world[Symbol.asyncDispose]());

/** The errors of ids that have no client. */
async function refusals(documents: ClientDocuments, ids: readonly string[]): Promise<readonly unknown[]> {
  const outcomes = await Promise.allSettled(ids.map((one) => documents.byId(one, caller)));
  return outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason : "no error"));
}

const client = readClientDocument(id, document());
const unknown = { code: "unknown_client", status: 400 };
const unavailable = { code: "client_document_unavailable", status: 503, retryAfter: 1 };

describe("a client document", () => {
  test("is fetched once while it is fresh, for all callers and replicas", async () => {
    const { documents } = world.replica();
    const callers = Array.from({ length: 20 }, () => documents.byId(id, caller));
    expect(new Set(await Promise.all(callers))).toEqual(new Set([client]));
    world.now += 59 * minute;
    expect(await documents.byId(id, caller)).toEqual(client);
    expect(await world.replica().documents.byId(id, caller)).toEqual(client);
    expect(world.host.asked).toEqual([id]);
    expect(documents.outcomes).toEqual({ ok: 1, stale: 0, failed: 0, refused: 0 });
  });

  test("is fetched again after its time, and a change counts then", async () => {
    world.host.publish(path, document(), { "cache-control": "max-age=600" });
    const { documents } = world.replica();
    await documents.byId(id, caller);
    world.host.publish(path, document({ redirect_uris: ["https://app.example/new"] }));
    world.now += 10 * minute - 1;
    expect((await documents.byId(id, caller)).redirectUris).toEqual(client.redirectUris);
    world.now += 1;
    expect((await documents.byId(id, caller)).redirectUris).toEqual(["https://app.example/new"]);
    expect((await world.replica().documents.byId(id, caller)).redirectUris).toEqual([
      "https://app.example/new",
    ]);
  });

  test("is fetched again after a clock was set back, which hides its age", async () => {
    await world.replica().documents.byId(id, caller);
    world.now -= 30 * day;
    await world.replica().documents.byId(id, caller);
    expect(world.host.asked).toEqual([id, id]);
  });

  test("of a host that is not allowed is not fetched", async () => {
    const { documents } = world.replica({ hosts: ["claude.ai", "pp.example"] });
    await expect(documents.byId(id, caller)).rejects.toMatchObject(unknown);
    expect(world.host.connected).toEqual([]);
    expect(await world.replica({ hosts: ["app.example"] }).documents.byId(id, caller)).toEqual(client);
  });

  test("counts although the database refuses its copy", async () => {
    const copies = { ...world.store.clientDocuments, put: () => Promise.reject(storeUnavailable("full")) };
    expect(await world.replica({ copies }).documents.byId(id, caller)).toEqual(client);
  });
});

describe("a refusal", () => {
  test.each([
    ["a document that names another id", document({ client_id: "https://app.example/other.json" })],
    ["a document with a secret", document({ client_secret: "s" })],
    ["a document without a redirect URI", document({ redirect_uris: [] })],
    ["a list", []],
  ])("of %s is remembered for a minute", async (_, body) => {
    world.host.publish(path, body);
    const { documents } = world.replica();
    await expect(documents.byId(id, caller)).rejects.toMatchObject(unknown);
    world.now += minute - 1;
    await expect(documents.byId(id, caller)).rejects.toMatchObject(unknown);
    expect(world.host.asked).toEqual([id]);
    world.host.publish(path, document());
    world.now += 1;
    expect(await documents.byId(id, caller)).toEqual(client);
    expect(documents.outcomes).toEqual({ ok: 1, stale: 0, failed: 0, refused: 1 });
  });

  test("ends the use of a copy at once, also for a host with a built-in copy", async () => {
    const { documents } = world.replica();
    await documents.byId(id, caller);
    world.fail(path, 404);
    world.now += 60 * minute;
    await expect(documents.byId(id, caller)).rejects.toMatchObject(unknown);
    expect(await world.store.clientDocuments.byId(id)).toBeUndefined();
    world.fail(path, 503);
    world.now += minute;
    await expect(documents.byId(id, caller)).rejects.toMatchObject(unavailable);

    const claude = "https://claude.ai/oauth/mcp-oauth-client-metadata";
    world.host.addresses.set("claude.ai", [[publicAddress]]);
    await expect(documents.byId(claude, caller)).rejects.toMatchObject(unknown);
  });

  test("is the same for an inner address as for a document that is not there", async () => {
    const { documents } = world.replica();
    const [inner, missing] = await refusals(documents, ["https://10.0.0.7/x", "https://app.example/x"]);
    expect(inner).toMatchObject({ ...unknown, reason: "10.0.0.7: no public address" });
    expect(missing).toMatchObject({ ...unknown, reason: "app.example: status 404" });
    expect(String(inner)).toBe(String(missing));
    expect(world.host.connected).toHaveLength(1);
  });
});

describe("if the host cannot be read,", () => {
  test("an inner name is like an unknown one", async () => {
    const { documents } = world.replica();
    world.host.addresses.set("inner.example", [["10.0.0.7"]]);
    const [inner, none] = await refusals(documents, ["https://inner.example/x", "https://none.example/x"]);
    expect(inner).toMatchObject({ ...unavailable, reason: "inner.example: no public address" });
    expect(none).toMatchObject({ ...unavailable, reason: "none.example: ENOTFOUND" });
    expect(String(inner)).toBe(String(none));
    expect(documents.outcomes).toEqual({ ok: 0, stale: 0, failed: 2, refused: 0 });
    expect(world.host.connected).toEqual([]);
  });

  test.each(["0.0.0.0", "10.0.0.7", "::"])("a name server that says %s leaves the copies", async (inner) => {
    await world.replica().documents.byId(id, caller);
    world.now += 60 * minute;
    const claude = "https://claude.ai/oauth/mcp-oauth-client-metadata";
    for (const name of ["app.example", "claude.ai"]) world.host.addresses.set(name, [[inner]]);
    const { documents } = world.replica();
    expect(await documents.byId(id, caller)).toEqual(client);
    expect(await documents.byId(claude, caller)).toMatchObject({ id: claude });
    expect(documents.outcomes).toEqual({ ok: 0, stale: 2, failed: 0, refused: 0 });
    expect(await world.store.clientDocuments.byId(id)).toMatchObject({ id });
    expect(world.host.connected).toHaveLength(1);
  });

  test.each([403, 429, 500, 503])("status %i, a copy of up to seven days counts", async (status) => {
    await world.replica().documents.byId(id, caller);
    world.fail(path, status);
    world.now += 7 * day - 1;
    const { documents } = world.replica();
    expect(await documents.byId(id, caller)).toEqual(client);
    expect(documents.outcomes).toEqual({ ok: 0, stale: 1, failed: 0, refused: 0 });
    world.now += minute;
    await expect(documents.byId(id, caller)).rejects.toMatchObject(unavailable);
  });

  test("the host is asked again after a minute", async () => {
    world.fail(path, 403);
    const { documents } = world.replica();
    await expect(documents.byId(id, caller)).rejects.toMatchObject(unavailable);
    world.host.publish(path, document());
    world.now += minute - 1;
    await expect(documents.byId(id, caller)).rejects.toMatchObject(unavailable);
    world.now += 1;
    expect(await documents.byId(id, caller)).toEqual(client);
    expect(documents.outcomes).toEqual({ ok: 1, stale: 0, failed: 1, refused: 0 });
  });

  test("a copy that this version refuses does not count", async () => {
    const copy = { id, document: '{"client_id":"x"}', fetchedAt: world.now, freshUntil: world.now + day };
    await world.store.clientDocuments.put(copy);
    world.fail(path, 403);
    await expect(world.replica().documents.byId(id, caller)).rejects.toMatchObject(unavailable);
  });

  const builtIn = knownClients.filter(
    ({ by, sent }) => by === "document" && !String(sent["client_id"]).includes("kDmj"),
  );

  test.each(builtIn)(
    "a built-in copy of $sent.client_id counts, with what the host publishes",
    async ({ sent }) => {
      const known = String(sent["client_id"]);
      world.host.addresses.set(new URL(known).hostname, [["93.184.215.15"]]);
      expect(await world.replica().documents.byId(known, caller)).toEqual(readClientDocument(known, sent));
      await expect(
        world.replica({ hosts: ["app.example"] }).documents.byId(known, caller),
      ).rejects.toMatchObject(unknown);
    },
  );

  test("the five well-known clients have a built-in copy", () => expect(builtIn).toHaveLength(5));
});

describe("the limits of fetches", () => {
  const ids = (count: number) =>
    Array.from({ length: count }, (_, number) => `https://app.example/${number}`);

  test("allow 30 a minute to one network, which still gets documents that are known", async () => {
    const { documents } = world.replica();
    await documents.byId(id, caller);
    for (const other of ids(29)) await expect(documents.byId(other, caller)).rejects.toMatchObject(unknown);
    const limited = {
      code: "rate_limited",
      limit: { policy: "client-documents", quota: 30, windowSeconds: 60 },
    };
    await expect(documents.byId("https://app.example/new", caller)).rejects.toMatchObject(limited);
    expect(await documents.byId(id, caller)).toEqual(client);
    await expect(
      documents.byId("https://app.example/new", { ...caller, address: "192.0.2.2" }),
    ).rejects.toMatchObject(unknown);
    world.now += minute;
    await expect(documents.byId("https://app.example/newer", caller)).rejects.toMatchObject(unknown);
  });

  test("count a /48 of IPv6 as one network", async () => {
    const { documents } = world.replica();
    for (const [number, other] of ids(30).entries()) {
      const address = `2001:db8:1:${number.toString(16)}::1`;
      await expect(documents.byId(other, { ...caller, address })).rejects.toMatchObject(unknown);
    }
    await expect(
      documents.byId("https://app.example/new", { ...caller, address: "2001:db8:1:ffff::1" }),
    ).rejects.toMatchObject({ code: "rate_limited" });
  });

  test("leave an old copy to a network beyond them", async () => {
    await world.replica().documents.byId(id, caller);
    world.now += 2 * 60 * minute;
    const { documents } = world.replica();
    for (const other of ids(30)) await expect(documents.byId(other, caller)).rejects.toMatchObject(unknown);
    world.host.publish(path, document({ client_name: "New" }));
    expect(await documents.byId(id, caller)).toEqual(client);
    const other = await documents.byId(id, { ...caller, address: "192.0.2.2" });
    expect(other.name).toBe("New");
  });

  test("allow eight at once", async () => {
    const slow = slowHosts();
    const replica = world.replica();
    const { documents } = replica;
    for (const number of [0, 1, 2, 3]) {
      slow.ask(replica, `https://app.example/${number}`, `192.0.2.${number}`);
      slow.ask(replica, `https://other.example/${number}`, `192.0.2.${number}`);
    }
    await until("eight requests have arrived", () => slow.waiting.length === 8);
    const last = "https://claude.ai/new";
    await expect(documents.byId(last, elsewhere)).rejects.toMatchObject(overloaded);
    await slow.end();
    world.host.publish("/new", document({ client_id: last }));
    expect(await documents.byId(last, elsewhere)).toMatchObject({ id: last });
  });

  test("allow three at once to one network, and leave the others to the rest", async () => {
    const slow = slowHosts();
    const replica = world.replica();
    const { documents } = replica;
    for (const number of [0, 1]) slow.ask(replica, `https://app.example/${number}`);
    slow.ask(replica, "https://other.example/0");
    await until("three requests have arrived", () => slow.waiting.length === 3);
    await expect(documents.byId("https://claude.ai/new", caller)).rejects.toMatchObject(overloaded);
    expect(await documents.byId(id, elsewhere)).toEqual(client);
    await slow.end();
  });

  test("allow four at once of one host, and leave the others to the rest", async () => {
    const slow = slowHosts();
    const replica = world.replica();
    const { documents } = replica;
    for (const number of [0, 1, 2, 3]) {
      slow.ask(replica, `https://other.example/${number}`, `192.0.2.${number}`);
    }
    await until("four requests have arrived", () => slow.waiting.length === 4);
    await expect(documents.byId("https://other.example/new", elsewhere)).rejects.toMatchObject(overloaded);
    expect(await documents.byId(id, elsewhere)).toEqual(client);
    await slow.end();
  });

  const elsewhere = { ...caller, address: "198.51.100.1" };
  const overloaded = { code: "overloaded", retryAfter: 1 };

  /** Hosts that answer at the end of a test alone. */
  function slowHosts() {
    world.host.addresses.set("claude.ai", [[publicAddress]]);
    const waiting: ServerResponse[] = [];
    const running: Promise<unknown>[] = [];
    return {
      waiting,
      ask(
        { documents }: Pick<ReturnType<typeof world.replica>, "documents">,
        url: string,
        address = caller.address,
      ) {
        world.host.answers.set(new URL(url).pathname, (_request, response) => void waiting.push(response));
        running.push(documents.byId(url, { ...caller, address }).catch((error: unknown) => error));
      },
      async end() {
        for (const response of waiting) response.writeHead(404).end();
        for (const outcome of await Promise.all(running)) expect(outcome).toMatchObject(unknown);
      },
    };
  }
});

test("a thousand refused ids leave the database empty, and a bounded memory", async () => {
  const { documents } = world.replica();
  for (let number = 0; number < 1_000; number++) {
    const address = `198.51.${number >> 8}.${number & 255}`;
    await documents.byId(`https://nowhere${number}.example/x`, { ...caller, address }).catch(() => {});
  }
  expect(await world.store.clientDocuments.byId("https://nowhere1.example/x")).toBeUndefined();
  expect(documents.remembered).toBeLessThanOrEqual(200);
});
