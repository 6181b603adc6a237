import { inspect } from "node:util";
import { allow } from "../../src/index.ts";
import type { ToolDecision } from "../../src/mcp/index.ts";

/** The rules of the notes servers of these tests. */
export const rules = {
  search: allow.roles("user"),
  recommend: allow.roles("premium"),
  purge: allow.roles("admin"),
  export: allow.all(allow.roles("user"), allow.scopes("notes:read", "notes:export")),
  edit: allow.when((principal, { owner }: { readonly owner: string }) => owner === principal.username),
  broken: allow.when(() => {
    throw new Error("a rule that fails");
  }),
};

/** Every value that a server of these tests received or wrote. No token may be in it. */
export class Evidence {
  readonly decisions: ToolDecision[] = [];
  readonly #lines: string[] = [];
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void = () => {}) {
    this.#write = write;
  }

  readonly decided = (decision: ToolDecision): void => {
    this.decisions.push(decision);
    this.note("decision", decision);
  };

  /** Records a value with all its members, in every form that a log could write. */
  note(what: string, ...values: unknown[]): void {
    for (const value of values) {
      const line = `${what} ${inspect(value, { depth: 12, showHidden: true, getters: true })} ${json(value)}`;
      this.#lines.push(line);
      this.#write(line);
    }
  }

  text(): string {
    return this.#lines.join("\n");
  }
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}
