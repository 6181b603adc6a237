/** The tools that a server has, held against those that its policy lists. */
export class RegisteredNames {
  readonly #listed: readonly string[];
  readonly #registered = new Set<string>();

  constructor(listed: readonly string[]) {
    this.#listed = listed;
  }

  add(tool: string): void {
    this.#registered.add(tool);
  }

  /** @param name undefined where the tool is removed */
  rename(tool: string, name: string | undefined): void {
    this.#registered.delete(tool);
    if (name !== undefined) this.#registered.add(name);
  }

  /** @throws {Error} where a tool has no rule, or a rule no tool */
  assertComplete(): void {
    const listed = new Set(this.#listed);
    const unlisted = [...this.#registered].filter((tool) => !listed.has(tool));
    const missing = this.#listed.filter((tool) => !this.#registered.has(tool));
    if (unlisted.length === 0 && missing.length === 0) return;
    const faults = [
      ...(unlisted.length > 0 ? [`registered without a rule: ${unlisted.join(", ")}`] : []),
      ...(missing.length > 0 ? [`a rule without a tool: ${missing.join(", ")}`] : []),
    ];
    throw new Error(`guardTools: ${faults.join("; ")}`);
  }
}
