import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { run } from "@latchkey/testkit/toolchains";
import { parseAllDocuments } from "yaml";
import { helm } from "./programs.ts";

/** The folder of the chart. */
export const chart = fileURLToPath(new URL("../../../../deploy/helm/latchkey", import.meta.url));

/** The files with values that the chart is tried with. */
export const valueFiles: readonly string[] = readdirSync(`${chart}/ci`).sort();

/** One object for Kubernetes. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec?: unknown;
}

/** Values for one rendering: a file of the chart, and further ones as `--set` takes them. */
export interface Values {
  readonly file?: string;
  readonly set?: Readonly<Record<string, string>>;
  /** The same, for values that are texts, such as "off". */
  readonly setText?: Readonly<Record<string, string>>;
  /** The name of the release. */
  readonly release?: string;
}

/** Renders the chart. @throws with the refusal, if helm refuses the values */
export async function render({ file, set = {}, setText = {}, release = "login" }: Values): Promise<string> {
  const values = file === undefined ? [] : ["--values", `${chart}/ci/${file}`];
  const sets = [
    ...Object.entries(set).flatMap(([name, value]) => ["--set", `${name}=${value}`]),
    ...Object.entries(setText).flatMap(([name, value]) => ["--set-string", `${name}=${value}`]),
  ];
  return await run(await helm(), ["template", release, chart, "--namespace", "people", ...values, ...sets], {
    cwd: chart,
  });
}

/** Renders the chart and reads its manifests. */
export async function manifests(values: Values): Promise<readonly Manifest[]> {
  const documents = parseAllDocuments(await render(values));
  return documents.map((document) => {
    const manifest: Manifest | null = document.toJS();
    if (manifest === null) throw new Error("the chart renders an empty document");
    return manifest;
  });
}

/** The only manifest of a kind. @throws unless there is exactly one */
export function only(kind: string, all: readonly Manifest[]): Manifest {
  const [first, ...others] = all.filter((manifest) => manifest.kind === kind);
  if (first === undefined || others.length > 0) throw new Error(`not one ${kind}: ${others.length + 1}`);
  return first;
}
