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

/** The tools of a server, as the SDK keeps them, by their current names. */
export type RegisteredTools = ReadonlyMap<string, object>;

/** @throws {Error} if a tool has no rule, or a rule has no tool */
export function assertRules(tools: RegisteredTools, rules: ReadonlySet<string>): void {
  const unlisted = [...tools.keys()].filter((name) => !rules.has(name));
  const missing = [...rules].filter((name) => !tools.has(name));
  const faults: string[] = [];
  if (unlisted.length > 0) faults.push(`registered without a rule: ${unlisted.join(", ")}`);
  if (missing.length > 0) faults.push(`a rule without a tool: ${missing.join(", ")}`);
  if (faults.length > 0) throw new Error(`guardTools: ${faults.join("; ")}`);
}

/** All values that the SDK makes its list from. The same values make the same list. */
export function listedParts(tools: RegisteredTools): readonly unknown[] {
  return [...tools].flatMap(([name, tool]) => [
    name,
    ...listedMembers.map((member) => Reflect.get(tool, member)),
  ]);
}
