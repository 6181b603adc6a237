import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { pathWithGo } from "@latchkey/testkit/go-toolchain";
import { pythonEnvironment, run } from "@latchkey/testkit/toolchains";
import { parse } from "yaml";
import { cache } from "./programs.ts";

/** The oldest release of Kubernetes that the chart allows, and the newest one with schemas. */
export const releases = ["1.30.0", "1.37.0"] as const;

/** Carries the schemas of the releases. */
const schemaPackage = "kubernetes-validate==1.37.0";

/** Carries the definitions of the ServiceMonitor and the PrometheusRule. */
const operator = "github.com/prometheus-operator/prometheus-operator@v0.85.0";

/** Places in which kubeconform looks for schemas, fetched once. */
export async function schemaLocations(): Promise<readonly string[]> {
  const kubernetes = `${cache}${schemaPackage}`;
  if (!existsSync(kubernetes)) await fetchReleases(kubernetes);
  const operatorKinds = `${cache}${basename(operator)}`;
  if (!existsSync(operatorKinds)) await fetchOperatorKinds(operatorKinds);
  return [
    `${kubernetes}/{{.NormalizedKubernetesVersion}}/{{.ResourceKind}}{{.KindSuffix}}.json`,
    `${operatorKinds}/{{.ResourceKind}}{{.KindSuffix}}.json`,
  ];
}

async function fetchReleases(folder: string): Promise<void> {
  const python = `${cache}python`;
  await pythonEnvironment(python);
  const installed = `${folder}.half`;
  const half = `${installed}/kubernetes_validate/kubernetes-json-schema`;
  rmSync(installed, { recursive: true, force: true });
  await run(`${python}/bin/pip`, ["install", "--quiet", "--no-deps", "--target", installed, schemaPackage], {
    cwd: cache,
  });
  for (const release of releases) {
    mkdirSync(`${half}/v${release}`);
    for (const file of globSync(`${half}/v${release}-local-strict/*.json`)) {
      writeFileSync(`${half}/v${release}/${basename(file)}`, local(readFileSync(file, "utf8")));
    }
  }
  renameSync(half, folder);
  rmSync(installed, { recursive: true });
}

/** The schemas refer to one another by an address of the web. Here they are files of one folder. */
function local(schema: string): string {
  const { $id: _, ...rest } = JSON.parse(schema);
  return JSON.stringify(rest).replaceAll('"/api/_definitions.json#', '"_definitions.json#');
}

async function fetchOperatorKinds(folder: string): Promise<void> {
  const env = { PATH: await pathWithGo() };
  const download = await run("go", ["mod", "download", "-json", operator], { cwd: cache, env });
  const module: { Dir: string } = JSON.parse(download);
  const schemas = globSync(`${module.Dir}/example/prometheus-operator-crd/*.yaml`).flatMap(schemasOf);
  const half = `${folder}.half`;
  mkdirSync(half, { recursive: true });
  for (const { name, schema } of schemas) writeFileSync(`${half}/${name}.json`, JSON.stringify(schema));
  renameSync(half, folder);
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly singular: string };
    readonly versions: readonly { readonly name: string; readonly schema: { openAPIV3Schema: Schema } }[];
  };
}

/** A schema inside a definition, as far as unknown fields go. */
interface Schema {
  readonly [key: string]: unknown;
}

/** The schemas of a definition, under the names by which kubeconform finds them. */
function schemasOf(file: string): { name: string; schema: Schema }[] {
  const { spec }: Definition = parse(readFileSync(file, "utf8"));
  const group = spec.group.split(".")[0];
  return spec.versions.map(({ name, schema }) => ({
    name: `${spec.names.singular}-${group}-${name}`,
    schema: strict(schema.openAPIV3Schema),
  }));
}

/** The API server refuses fields that a definition does not name. A JSON schema must say so. */
function strict(schema: Schema): Schema {
  const copy = Object.entries(schema).map(([key, value]) => [key, deep(value)] as const);
  const closed = "properties" in schema && !("additionalProperties" in schema);
  return { ...Object.fromEntries(copy), ...(closed && { additionalProperties: false }) };
}

function deep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deep);
  return isSchema(value) ? strict(value) : value;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null;
}
