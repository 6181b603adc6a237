import { inspect } from "node:util";
import { allow } from "../../src/index.ts";
import type { ToolDecision } from "../../src/mcp/index.ts";

/** Who may call the tools of the notes servers of these tests. */
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

/** Everything that a server of these tests had in hand or wrote anywhere: where a token must not be. */
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

  /** Writes down a value with all that can be found in it, in any way that a log would. */
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
