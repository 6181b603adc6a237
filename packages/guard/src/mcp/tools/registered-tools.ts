/** The members of a registered tool that its list entry is made from, in both majors of the SDK. */
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

/** The tools of a server, as the SDK keeps them, under their current names. */
export class RegisteredTools {
  readonly #tools = new Map<string, object>();

  add(name: string, tool: object): void {
    this.#tools.set(name, tool);
  }

  /** @param name undefined when the tool is removed */
  rename(before: string, name: string | undefined, tool: object): void {
    this.#tools.delete(before);
    if (name !== undefined) this.#tools.set(name, tool);
  }

  /** @throws {Error} if a tool has no rule, or a rule has no tool */
  assertMatch(rules: ReadonlySet<string>): void {
    const registered = new Set(this.#tools.keys());
    const unlisted = registered.difference(rules);
    const missing = rules.difference(registered);
    const faults: string[] = [];
    if (unlisted.size > 0) faults.push(`registered without a rule: ${[...unlisted].join(", ")}`);
    if (missing.size > 0) faults.push(`a rule without a tool: ${[...missing].join(", ")}`);
    if (faults.length > 0) throw new Error(`guardTools: ${faults.join("; ")}`);
  }

  /** All values that the SDK makes its list from. The same values make the same list. */
  listedParts(): readonly unknown[] {
    return [...this.#tools].flatMap(([name, tool]) => [
      name,
      ...listedMembers.map((member) => Reflect.get(tool, member)),
    ]);
  }
}
