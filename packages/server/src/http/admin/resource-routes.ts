import { UnknownSubject } from "../../core/refused-change.ts";
import type { ResourceAdministration } from "../../core/stories/resource-administration.ts";
import { resourceAnswer } from "./admin-answers.ts";
import type { AdminCaller } from "./admin-guard.ts";
import type { ResourceRequest } from "./admin-requests.ts";
import { type AdminScope, adminMount, plain, withBody } from "./admin-scope.ts";

/** The stories of resources. */
export interface ResourceStories {
  readonly resources: (caller: AdminCaller) => ResourceAdministration;
}

const example = {
  url: "https://notes.example.com/mcp",
  name: "Notes",
  scopes: ["notes:read", "notes:write"],
  created_at: "2026-01-01T09:00:00.000Z",
};
const shown = { description: "The resource", model: "AdminResource", example } as const;

const listResources = {
  id: "list_resources",
  summary: "List resources that were added here",
  powers: ["resources:read"],
  answer: { description: "All of them, by URL", model: "AdminResourceList", example: { items: [example] } },
} as const;

const showResource = {
  id: "show_resource",
  summary: "Show a resource",
  description: "The URL is percent-encoded in the path.",
  powers: ["resources:read"],
  answer: shown,
} as const;

const putResource = {
  id: "put_resource",
  summary: "Add a resource, or replace its name and scopes",
  description: "The URL is percent-encoded in the path.",
  powers: ["resources:write"],
  body: "AdminResourceRequest",
  issue: { loc: ["body", "scopes"], msg: "Field required", type: "missing" },
  answer: shown,
} as const;

const removeResource = {
  id: "remove_resource",
  summary: "Remove a resource",
  description: "No client gets or refreshes a token for it from now on.",
  powers: ["resources:write"],
  answer: { description: "The resource was removed", model: "AdminMessage", example: { message: "Removed" } },
} as const;

interface ByUrl {
  Params: { readonly url: string };
}

/** Serves resources. */
export function resourceRoutes({ app, callerOf }: AdminScope, { resources }: ResourceStories): void {
  const all = `${adminMount}/resources`;
  const one = `${all}/:url`;

  async function shownAt(administration: ResourceAdministration, url: string) {
    const found = await administration.find(url);
    if (found === undefined) throw new UnknownSubject(`there is no resource ${url}`);
    return resourceAnswer(found);
  }

  app.get(all, plain(listResources), async (request, reply) => {
    const found = await resources(callerOf(request)).list();
    return reply.send({ items: found.map(resourceAnswer) });
  });

  app.get<ByUrl>(one, plain(showResource), async (request, reply) =>
    reply.send(await shownAt(resources(callerOf(request)), request.params.url)),
  );

  app.put<ByUrl & { Body: ResourceRequest }>(one, withBody(putResource), async (request, reply) => {
    const administration = resources(callerOf(request));
    const { url } = request.params;
    const { name = null, scopes } = request.body;
    await administration.put({ url, name, scopes });
    return reply.send(await shownAt(administration, url));
  });

  app.delete<ByUrl>(one, plain(removeResource), async (request, reply) => {
    await resources(callerOf(request)).remove(request.params.url);
    return reply.send({ message: "Removed" });
  });
}
