import { type Manifest, only } from "./chart.ts";

interface Container {
  readonly args: readonly string[];
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string }[];
  readonly securityContext: unknown;
  readonly lifecycle?: unknown;
  readonly livenessProbe: unknown;
  readonly readinessProbe: unknown;
  readonly startupProbe: unknown;
}

interface Pod {
  readonly containers: readonly Container[];
  readonly securityContext: unknown;
  readonly terminationGracePeriodSeconds: number;
  readonly volumes: readonly {
    readonly name: string;
    readonly projected?: { readonly defaultMode: number; readonly sources: readonly unknown[] };
  }[];
}

interface Path {
  readonly path: string;
  readonly pathType: "Exact" | "Prefix";
}

/** The pod of the Deployment. */
export function podOf(all: readonly Manifest[]): Pod {
  const { spec }: { spec?: { template?: { spec?: Pod } } } = JSON.parse(
    JSON.stringify(only("Deployment", all)),
  );
  const pod = spec?.template?.spec;
  if (pod === undefined) throw new Error("the Deployment has no pod");
  return pod;
}

/** The variables of the first container. A variable without a text is an empty one. */
export function environmentOf(pod: Pod): Readonly<Record<string, string>> {
  return Object.fromEntries(pod.containers[0]?.env.map(({ name, value = "" }) => [name, value]) ?? []);
}

/** The paths of an Ingress. */
export function pathsOf(ingress: Manifest): readonly Path[] {
  const { spec }: { spec?: { rules?: { http: { paths: Path[] } }[] } } = JSON.parse(JSON.stringify(ingress));
  return spec?.rules?.flatMap(({ http }) => http.paths) ?? [];
}
