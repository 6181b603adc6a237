import { importFields, shownFieldName } from "../../core/people/imported-user.ts";
import { hintOf, nearMiss } from "../near-miss.ts";

/** Why a CSV file is refused for the names in its first line, as the end of a sentence. Undefined if it is read. */
export type ColumnsProblem = (names: readonly string[]) => string | undefined;

/** The columns of Latchkey's own form. An unknown one is refused once, and not again for each row. */
export const ownColumnsProblem: ColumnsProblem = (names) => {
  const unknown = names.find((name) => !importFields.some((field) => field === name));
  if (unknown !== undefined) {
    const hint = hintOf(nearMiss(unknown.toLowerCase(), importFields));
    return `has an unknown column${shownFieldName(unknown)} in its first line: ${hint}the columns are ${importFields.join(", ")}`;
  }
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) return `has the column ${repeated} twice: leave one of them out`;
  return addressProblem(names);
};

/** The columns of another product's table: further ones are ignored. */
export const addressProblem: ColumnsProblem = (names) =>
  names.includes("email")
    ? undefined
    : "has no column email in its first line: every user needs an address, so check the file and --from";

/** The exports of a product that writes JSON alone. */
export function noColumns(product: string): ColumnsProblem {
  return () =>
    `is not JSON, as an export of ${product} is: docs/migrate.md names the command that makes such a file`;
}
