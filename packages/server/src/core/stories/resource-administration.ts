import { type AuditEvent, eventOf, type Origin } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { shownName } from "../oauth/client-name.ts";
import { scopesProblem } from "../oauth/new-client.ts";
import { type OwnServer, ownUrlProblem } from "../oauth/own-urls.ts";
import { comparableUrl, longestResourceUrl } from "../oauth/resource-urls.ts";
import type { RegisteredResource, RegisteredResources, Resource } from "../oauth/resources.ts";
import { resourceVersion } from "../oauth/versions.ts";
import { OutdatedState, RefusedChange, UnknownSubject } from "../refused-change.ts";

/** The parts of the story. */
export interface ResourceAdministrationParts {
  readonly resources: RegisteredResources;
  readonly clock: Clock;
  /** The server of the resources. Its own URLs are refused. */
  readonly own: OwnServer;
  /** The origin of the audit events. */
  readonly by: Origin;
}

/** The state that a change must find: no resource, any, or one of these versions. Default: it does not matter. */
export type ResourceCondition = "absent" | "present" | readonly string[];

/** The administration of resources. */
export type ResourceAdministration = ReturnType<typeof createResourceAdministration>;

/**
 * The operator's resources. Every function throws {RefusedChange} if the resource is unknown or refused, and
 * {OutdatedState} if a condition is not met. The store compares it again in the step that makes the change.
 */
export function createResourceAdministration({ resources, clock, own, by }: ResourceAdministrationParts) {
  /** The resource with this URL in any spelling. */
  async function find(url: string): Promise<RegisteredResource | undefined> {
    const comparable = comparableUrl(url);
    const known = await resources.list();
    return known.find((resource) => resource.url === url || comparableUrl(resource.url) === comparable);
  }

  /** @returns false if the store has another resource than `known` by now */
  function putAs(
    resource: RegisteredResource,
    event: AuditEvent,
    known: RegisteredResource | undefined,
    condition: ResourceCondition,
  ): Promise<boolean> {
    if (condition === "absent") return resources.add(resource, event);
    return resources.replace(resource, event, condition === "present" ? undefined : known);
  }

  return {
    find,
    /** All of them, by URL: there are few. */
    list: (): Promise<RegisteredResource[]> => resources.list(),
    /** Adds a resource, or replaces the name and the scopes of one with this URL. @returns whether it is new */
    async put({ url, name, scopes }: Resource, condition?: ResourceCondition): Promise<boolean> {
      const problem = problemOf({ url, name, scopes }) ?? ownUrlProblem(url, own);
      if (problem !== undefined) throw new RefusedChange(problem);
      const known = await find(url);
      if (known !== undefined && known.url !== url)
        throw new RefusedChange(`${known.url} is there already, and clients reach it by this URL too`);
      const resource = { url, name, scopes: [...new Set(scopes)], createdAt: known?.createdAt ?? clock() };
      const event = eventOf("resource.added", clock(), by, { subject: url });
      if (condition === undefined) await resources.put(resource, event);
      else if (!isAsAccepted(known, condition) || !(await putAs(resource, event, known, condition)))
        throw outdated(url);
      return known === undefined;
    },
    /** Removes a resource. No client gets or refreshes a token for it from now on. @returns its URL */
    async remove(url: string, versions?: readonly string[]): Promise<string> {
      const known = await find(url);
      if (known === undefined) throw unknown(url);
      if (versions !== undefined && !isAsAccepted(known, versions)) throw outdated(url);
      const event = eventOf("resource.removed", clock(), by, { subject: known.url });
      if (!(await resources.remove(known.url, event, versions && known)))
        throw versions === undefined ? unknown(url) : outdated(url);
      return known.url;
    },
  };
}

function isAsAccepted(known: RegisteredResource | undefined, condition: ResourceCondition): boolean {
  if (condition === "absent") return known === undefined;
  return known !== undefined && (condition === "present" || condition.includes(resourceVersion(known)));
}

function unknown(url: string): UnknownSubject {
  return new UnknownSubject(`there is no resource ${url}`);
}

function outdated(url: string): OutdatedState {
  return new OutdatedState(`${url} is not as it was read`);
}

function problemOf({ url, name, scopes }: Resource): string | undefined {
  if (comparableUrl(url) === undefined)
    return `a resource is named by an https:// or http:// URL without user and fragment, with at most ${longestResourceUrl} characters, such as https://notes.example.com/mcp`;
  if (name !== null && shownName(name) !== name)
    return "the name of a resource has up to 100 characters, and none of them may be invisible";
  return scopesProblem(scopes);
}
