import type { RegisteredResource, RegisteredResources } from "../../core/oauth/resources.ts";
import { type Database, must } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import { textsIn } from "./json-texts.ts";

interface ResourceRow extends Omit<RegisteredResource, "scopes"> {
  /** A JSON array. */
  readonly scopes: string;
}

const list = statement<NoValues, ResourceRow>(`
  select url, name, scopes, created_at as "createdAt" from resources order by url`);

const insert = `
  insert into resources (url, name, scopes, created_at) values (:url, :name, :scopes, :createdAt)
  on conflict (url)`;

const put = statement<ResourceRow>(`
  ${insert} do update set name = excluded.name, scopes = excluded.scopes`);

const add = statement<ResourceRow>(`${insert} do nothing`);

/** The resource that the author of a change has seen. Scopes are null if any state will do. */
interface Seen {
  readonly seenName: string | null;
  readonly seenScopes: string | null;
  readonly seenCreatedAt: number | null;
}

// A value compared with null alone has no type, hence the casts.
const isAsSeen = `(cast(:seenScopes as text) is null or (resources.scopes = :seenScopes
  and resources.name is not distinct from cast(:seenName as text)
  and resources.created_at = cast(:seenCreatedAt as bigint)))`;

const replace = statement<Omit<ResourceRow, "createdAt"> & Seen>(`
  update resources set name = :name, scopes = :scopes where url = :url and ${isAsSeen}`);

const remove = statement<{ url: string } & Seen>(`delete from resources where url = :url and ${isAsSeen}`);

/** The table `resources`. */
export function resourceTable(database: Database, audit: AuditWriter): RegisteredResources {
  return {
    list: async () => (await database.all(list, {})).map((row) => ({ ...row, scopes: textsIn(row.scopes) })),
    async put(resource, event) {
      await audit.commit([must(put, rowOf(resource))], [event]);
    },
    add: (resource, event) => audit.commit([must(add, rowOf(resource))], [event]),
    replace: (resource, event, seen) =>
      audit.commit([must(replace, { ...rowOf(resource), ...seenIn(seen) })], [event]),
    remove: (url, event, seen) => audit.commit([must(remove, { url, ...seenIn(seen) })], [event], "urgent"),
  };
}

function rowOf(resource: RegisteredResource): ResourceRow {
  return { ...resource, scopes: JSON.stringify(resource.scopes) };
}

function seenIn(seen: RegisteredResource | undefined): Seen {
  if (seen === undefined) return { seenName: null, seenScopes: null, seenCreatedAt: null };
  const { name: seenName, scopes: seenScopes, createdAt: seenCreatedAt } = rowOf(seen);
  return { seenName, seenScopes, seenCreatedAt };
}
