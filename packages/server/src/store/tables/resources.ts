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

const put = statement<ResourceRow>(`
  insert into resources (url, name, scopes, created_at) values (:url, :name, :scopes, :createdAt)
  on conflict (url) do update set name = excluded.name, scopes = excluded.scopes`);

const remove = statement<{ url: string }>("delete from resources where url = :url");

/** The table `resources`. */
export function resourceTable(database: Database, audit: AuditWriter): RegisteredResources {
  return {
    list: async () => (await database.all(list, {})).map((row) => ({ ...row, scopes: textsIn(row.scopes) })),
    async put(resource, event) {
      const row = { ...resource, scopes: JSON.stringify(resource.scopes) };
      await audit.commit([must(put, row)], [event]);
    },
    remove: (url, event) => audit.commit([must(remove, { url })], [event], "urgent"),
  };
}
