import { operator } from "../core/audit-events.ts";
import type { RegisteredResource } from "../core/oauth/resources.ts";
import { createResourceAdministration } from "../core/stories/resource-administration.ts";
import type { Store } from "../store/store.ts";
import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { withDatabase } from "./database-access.ts";
import { type Listing, printList } from "./listing.ts";

/** `latchkey resource add`. */
export function addResource({ config, words, option, options }: Given<"name" | "scope">): Promise<void> {
  const [url = ""] = words;
  return withDatabase(config, async ({ store }) => {
    const name = option("name") ?? null;
    const isNew = await administrationOf(store).put({ url, name, scopes: options("scope") });
    print(isNew ? `added ${url}` : `replaced the name and the scopes of ${url}`);
    if (url.startsWith("http:") && !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(url))
      process.stderr.write("latchkey: tokens for it travel in plain text: use https:// off this machine\n");
  });
}

/** `latchkey resource list`. */
export function listResources(given: Given<"json">): Promise<void> {
  return withDatabase(given.config, async ({ store }) =>
    printList(given, listing, await store.resources.list()),
  );
}

/** `latchkey resource remove`. */
export function removeResource({ config, words: [url = ""] }: Given<never>): Promise<void> {
  return withDatabase(config, async ({ store }) => {
    print(`removed ${await administrationOf(store).remove(url)}`);
  });
}

function administrationOf({ resources }: Store) {
  return createResourceAdministration({ resources, clock: Date.now, by: operator });
}

const listing: Listing<RegisteredResource> = {
  heading: ["URL", "NAME", "SCOPES"],
  cells: ({ url, name, scopes }) => [url, name ?? "", scopes.join(" ")],
  fields: ({ url, name, scopes, createdAt }) => ({
    url,
    name,
    scopes,
    created_at: new Date(createdAt).toISOString(),
  }),
};
