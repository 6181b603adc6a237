import { isObject, type Members } from "../objects.ts";

/** The members of a registered tool that its entry in the list is made of, in both majors of the SDK. */
const listedMembers = [
  "title",
  "description",
  "inputSchema",
  "outputSchema",
  "annotations",
  "icons",
  "execution",
  "_meta",
  "enabled",
] as const;

/** A list with all tools of a server, as the SDK converted it, and the parts that it was made of. */
interface Converted {
  readonly parts: readonly unknown[];
  readonly list: Members;
}

/** The last list of each policy, by the policy's rules: they outlive a server that is made for one request. */
const lastLists = new WeakMap<object, Converted>();

/**
 * Tool lists as the SDK makes them, converted once per process. A server over HTTP is often made anew for each
 * request, and converting its schemas costs more than the rest of the answer. A list is taken again as long as
 * every part of every tool is the same value or the same object.
 */
export class ConvertedLists {
  readonly #rules: object;
  /** The server's tools under their names, as the SDK keeps them. */
  readonly #registered = new Map<string, object>();

  constructor(rules: object) {
    this.#rules = rules;
  }

  add(name: string, tool: object): void {
    this.#registered.set(name, tool);
  }

  /** @param name undefined when the tool is removed */
  rename(before: string, name: string | undefined): void {
    const tool = this.#registered.get(before);
    this.#registered.delete(before);
    if (tool !== undefined && name !== undefined) this.#registered.set(name, tool);
  }

  async get(convert: () => unknown): Promise<Members> {
    const parts = [...this.#registered].flatMap(([name, tool]) => [
      name,
      ...listedMembers.map((member) => Reflect.get(tool, member)),
    ]);
    const last = lastLists.get(this.#rules);
    if (last !== undefined && sameParts(last.parts, parts)) return last.list;
    const converted = await convert();
    const list = isObject(converted) ? converted : {};
    lastLists.set(this.#rules, { parts, list });
    return list;
  }
}

function sameParts(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, index) => Object.is(part, b[index]));
}
