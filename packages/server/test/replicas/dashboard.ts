import { readFileSync } from "node:fs";

/** A query of a panel, with the variables of the dashboard filled in. */
export interface DashboardQuery {
  readonly title: string;
  readonly expression: string;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** The queries of all panels of `deploy/grafana.json`. */
export function dashboardQueries(variables: Readonly<Record<string, string>>): DashboardQuery[] {
  const file = new URL("../../../../deploy/grafana.json", import.meta.url);
  const { panels }: { panels: Panel[] } = JSON.parse(readFileSync(file, "utf8"));
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      title,
      expression: expr.replaceAll(/\$(\w+)/g, (_, name: string) => variables[name] ?? `unknown $${name}`),
    })),
  );
}
