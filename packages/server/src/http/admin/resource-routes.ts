import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import { resourceVersion } from "../../core/oauth/versions.ts";
import { UnknownSubject } from "../../core/refused-change.ts";
import type {
  ResourceAdministration,
  ResourceCondition,
} from "../../core/stories/resource-administration.ts";
import { resourceAnswer } from "./admin-answers.ts";
import type { AdminCaller } from "./admin-guard.ts";
import type { ResourceRequest } from "./admin-requests.ts";
import { type AdminScope, adminMount, plain, withBody } from "./admin-scope.ts";
import { acceptedVersions, etagOf } from "./etags.ts";
import { ifMatch, ifNoneMatch } from "./openapi-admin.ts";

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
const shown = { description: "The resource", model: "AdminResource", example, etag: true } as const;

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
  description:
    "The URL is percent-encoded in the path. The issuer, its `/admin/v1` and its own `/mcp` are refused. With " +
    "`If-Match` the resource is replaced alone, and with `If-None-Match: *` added alone.",
  powers: ["resources:write"],
  body: "AdminResourceRequest",
  issue: { loc: ["body", "scopes"], msg: "Field required", type: "missing" },
  headers: { ...ifMatch, ...ifNoneMatch },
  answer: shown,
  refusals: ["precondition_failed"],
} as const;

const removeResource = {
  id: "remove_resource",
  summary: "Remove a resource",
  description: "No client gets or refreshes a token for it from now on.",
  powers: ["resources:write"],
  headers: ifMatch,
  answer: { description: "The resource was removed", model: "AdminMessage", example: { message: "Removed" } },
  refusals: ["precondition_failed"],
} as const;

interface ByUrl {
  Params: { readonly url: string };
}

/** Serves resources. */
export function resourceRoutes({ app, callerOf }: AdminScope, { resources }: ResourceStories): void {
  const all = `${adminMount}/resources`;
  const one = `${all}/:url`;

  async function sendResource(reply: FastifyReply, administration: ResourceAdministration, url: string) {
    const found = await administration.find(url);
    if (found === undefined) throw new UnknownSubject(`there is no resource ${url}`);
    return reply.header("etag", etagOf(resourceVersion(found))).send(resourceAnswer(found));
  }

  app.get(all, plain(listResources), async (request, reply) => {
    const found = await resources(callerOf(request)).list();
    return reply.send({ items: found.map(resourceAnswer) });
  });

  app.get<ByUrl>(one, plain(showResource), async (request, reply) =>
    sendResource(reply, resources(callerOf(request)), request.params.url),
  );

  app.put<ByUrl & { Body: ResourceRequest }>(one, withBody(putResource), async (request, reply) => {
    const administration = resources(callerOf(request));
    const { url } = request.params;
    const { name = null, scopes } = request.body;
    await administration.put({ url, name, scopes }, conditionIn(request.headers));
    return sendResource(reply, administration, url);
  });

  app.delete<ByUrl>(one, plain(removeResource), async (request, reply) => {
    const versions = acceptedVersions(request.headers["if-match"]);
    await resources(callerOf(request)).remove(request.params.url, versions);
    return reply.send({ message: "Removed" });
  });
}

/**
 * The condition of a put (RFC 9110 §13.1). Both fields together contradict one another, and match nothing.
 *
 * @throws {LatchkeyError} `validation_error` for tags in `If-None-Match`
 */
function conditionIn(headers: IncomingHttpHeaders): ResourceCondition | undefined {
  const { "if-match": match, "if-none-match": noneMatch } = headers;
  if (noneMatch === undefined)
    return match === undefined ? undefined : (acceptedVersions(match) ?? "present");
  if (noneMatch.trim() !== "*") {
    const issue = { loc: ["header", "if-none-match"], msg: "Input should be *", type: "literal_error" };
    throw new LatchkeyError("validation_error", { issues: [issue] });
  }
  return match === undefined ? "absent" : [];
}
