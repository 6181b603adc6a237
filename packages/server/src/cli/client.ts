import type { Config } from "../config/config.ts";
import { operator } from "../core/audit-events.ts";
import { isDocumentId } from "../core/oauth/client-document.ts";
import type { NewProof } from "../core/oauth/new-client.ts";
import { createClientAdministration } from "../core/stories/client-administration.ts";
import type { Store } from "../store/store.ts";
import { print, printJson } from "../terminal.ts";
import { clientListing, shownClient } from "./client-listing.ts";
import type { Given } from "./command.ts";
import { confirm } from "./confirmation.ts";
import { withDatabase } from "./database-access.ts";
import { UsageProblem } from "./failures.ts";
import { printOne, printPages } from "./listing.ts";
import { readPublicKeys } from "./public-keys.ts";

type AddOptions = "redirect" | "secret" | "public-key" | "jwks-url" | "grant" | "role" | "scope" | "json";

/** `latchkey client add`. */
export function addClient(given: Given<AddOptions>): Promise<void> {
  const { config, words, options, has } = given;
  const grants = new Set(options("grant"));
  const client = {
    name: words[0] ?? "",
    redirectUris: options("redirect"),
    proof: proofOf(given),
    machine: grants.delete("client_credentials"),
    roles: options("role"),
    scopes: options("scope"),
  };
  for (const other of grants)
    throw new UsageProblem(
      `--grant=${other}: expected client_credentials; a client with --redirect asks people to sign in`,
    );
  return withDatabase(config, async ({ store }) => {
    const { client: added, secret } = await administrationOf(store).add(client);
    if (has("json")) return printJson({ id: added.id, ...(secret !== undefined && { secret }) });
    print(`added ${added.id}`);
    if (secret !== undefined) printSecret(secret);
  });
}

/** `latchkey client secret`. */
export function replaceSecret({ config, words: [id = ""], has }: Given<"json">): Promise<void> {
  return withAdministration(config, async (administration) => {
    const secret = await administration.replaceSecret(id);
    if (has("json")) return printJson({ id, secret });
    print(`replaced the secret of ${id}; the earlier one is void, and its sessions go on`);
    printSecret(secret);
  });
}

function printSecret(secret: string): void {
  print(`secret ${secret}`);
  process.stderr.write("latchkey: the secret is shown only now, because its hash alone is kept\n");
}

/** `latchkey client show`. */
export function showClient(given: Given<"json">): Promise<void> {
  const [id = ""] = given.words;
  return withAdministration(given.config, async (administration) => {
    printOne(given, shownClient, await administration.find(id));
    if (isDocumentId(id))
      process.stderr.write("latchkey: a document at its id describes it, so the rest is read there\n");
  });
}

/** `latchkey client list`. */
export function listClients(given: Given<"json" | "limit" | "after">): Promise<void> {
  return withDatabase(given.config, ({ store }) =>
    printPages(given, {
      ...clientListing,
      after: given.option("after"),
      read: (page) => store.clients.list(page, Date.now()),
      positionOf: ({ id }) => id,
      cursorOf: ({ id }) => id,
    }),
  );
}

/** `latchkey client remove`. */
export function removeClient({ config, words: [id = ""], has }: Given<"yes">): Promise<void> {
  return withAdministration(config, async (administration) => {
    const { name, sessions, added } = await administration.find(id);
    if (added && sessions > 0 && !has("yes"))
      await confirm(`live sessions of ${name}: ${sessions}. They end, and its id is void for good`);
    await administration.remove(id);
    print(`removed ${id}; all its sessions have ended`);
  });
}

/** `latchkey client block`. */
export function blockClient({ config, words: [id = ""] }: Given<never>): Promise<void> {
  return withAdministration(config, async (administration) => {
    const blocked = await administration.block(id);
    print(blocked ? `blocked ${id}; all its sessions have ended` : "this client was blocked already");
  });
}

/** `latchkey client unblock`. */
export function unblockClient({ config, words: [id = ""] }: Given<never>): Promise<void> {
  return withAdministration(config, async (administration) => {
    print((await administration.unblock(id)) ? `unblocked ${id}` : "this client was not blocked");
  });
}

type Administration = ReturnType<typeof createClientAdministration>;

function withAdministration(config: Config, work: (administration: Administration) => Promise<void>) {
  return withDatabase(config, ({ store }) => work(administrationOf(store)));
}

function administrationOf({ clients }: Store): Administration {
  return createClientAdministration({ clients, clock: Date.now, by: operator });
}

/** The proof of a new client: of the three options, one at most. */
function proofOf({ has, option }: Given<AddOptions>): NewProof {
  const [file, address] = [option("public-key"), option("jwks-url")];
  const given = [has("secret"), file !== undefined, address !== undefined].filter(Boolean).length;
  if (given > 1) throw new UsageProblem("--secret, --public-key and --jwks-url exclude one another");
  if (file !== undefined) return { kind: "keys", keys: readPublicKeys(file) };
  if (address !== undefined) return { kind: "key_address", url: address };
  return { kind: has("secret") ? "new_secret" : "none" };
}
