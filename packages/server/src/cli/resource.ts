import type { Config } from "../config/config.ts";
import { issuerOf } from "../config/server-url.ts";
import { operator } from "../core/audit-events.ts";
import type { RegisteredResource, Resource } from "../core/oauth/resources.ts";
import { createResourceAdministration } from "../core/stories/resource-administration.ts";
import { resourceAnswer } from "../http/admin/admin-answers.ts";
import type { Store } from "../store/store.ts";
import { print, visible } from "../terminal.ts";
import type { Given } from "./command.ts";
import { withDatabase } from "./database-access.ts";
import { type Listing, printList } from "./listing.ts";

/** `latchkey resource add`. */
export function addResource({ config, words, option, options }: Given<"name" | "scope">): Promise<void> {
  const [url = ""] = words;
  return withDatabase(config, async ({ store }) => {
    const name = option("name") ?? null;
    const administration = administrationOf(config, store);
    const earlier = await administration.find(url);
    const resource = { url, name, scopes: options("scope") };
    const isNew = await administration.put(resource);
    print(isNew ? `added ${url}` : `replaced the name and the scopes of ${url}`);
    for (const line of lossesOf(earlier, resource)) process.stderr.write(`latchkey: ${visible(line)}\n`);
    if (url.startsWith("http:") && !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(url))
      process.stderr.write("latchkey: tokens for it travel in plain text: use https:// off this machine\n");
  });
}

/** The losses of a resource by a repeated call, in lines: a forgotten option must not pass unnoticed. */
function lossesOf(earlier: Resource | undefined, { name, scopes }: Resource): string[] {
  if (earlier === undefined) return [];
  const lost = earlier.scopes.filter((scope) => !scopes.includes(scope));
  return [
    ...(earlier.name !== null && name === null
      ? [`its name was ${earlier.name} before: --name gives it one again`]
      : []),
    ...(lost.length > 0
      ? [
          `its scopes were ${earlier.scopes.join(" ")} before: ${lost.join(" ")} ${lost.length === 1 ? "is" : "are"} gone`,
        ]
      : []),
  ];
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
    print(`removed ${await administrationOf(config, store).remove(url)}`);
  });
}

function administrationOf(config: Config, { resources }: Store) {
  const own = { issuer: issuerOf(config), mcp: config.mcp === "on" };
  return createResourceAdministration({ resources, clock: Date.now, own, by: operator });
}

const listing: Listing<RegisteredResource> = {
  heading: ["URL", "NAME", "SCOPES"],
  cells: ({ url, name, scopes }) => [url, name ?? "", scopes.join(" ")],
  fields: resourceAnswer,
};
