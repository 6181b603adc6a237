import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { distOf, type Package } from "./packages.ts";
import { run } from "./run.ts";

interface Reference {
  readonly type: string;
  readonly url: string;
}

interface Component {
  readonly "bom-ref": string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly scope: string;
  readonly externalReferences: readonly Reference[];
}

/** The parts of a CycloneDX document that change here. */
interface Materials {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * The bill of materials of a package (CycloneDX): the packages that its installation brings, and those that
 * its own files contain.
 *
 * @param tarball the packed package
 */
export function materialsOf(of: Package, tarball: string): object {
  const project = mkdtempSync(join(tmpdir(), "latchkey-materials-"));
  try {
    // npm lists the packages of an installation, so the bill names the ones that a user of the package gets.
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "installation", version: "0.0.0" }));
    run("npm", ["install", "--omit=dev", "--ignore-scripts", "--prefer-offline", tarball], project);
    return aboutPackage(
      of,
      JSON.parse(run("npm", ["sbom", "--sbom-format=cyclonedx", "--omit=dev"], project)),
    );
  } finally {
    rmSync(project, { recursive: true });
  }
}

/** Makes the package the subject, instead of the folder of its installation. No path of this machine remains. */
function aboutPackage(of: Package, found: Materials): object {
  const installed = found.components.find(({ name }) => name === of.name);
  if (installed === undefined) throw new Error(`npm sbom does not list ${of.name}`);
  const subject: Component = {
    ...installed,
    type: of.kind === "program" ? "application" : "library",
    externalReferences: installed.externalReferences.filter(({ url }) => !url.startsWith("file:")),
  };
  const contained = containedIn(of);
  const components = found.components.filter((component) => component !== installed);
  const references = new Set(components.map((component) => component["bom-ref"]));
  const added = contained.filter((component) => !references.has(component["bom-ref"]));
  return {
    ...found,
    metadata: { ...found.metadata, component: subject },
    components: [...components, ...added],
    dependencies: [
      ...found.dependencies
        .filter(({ ref }) => ref !== found.metadata.component["bom-ref"])
        .map(({ ref, dependsOn }) => ({
          ref,
          dependsOn:
            ref === subject["bom-ref"]
              ? [...new Set([...dependsOn, ...contained.map((component) => component["bom-ref"])])]
              : dependsOn,
        })),
      ...added.map((component) => ({ ref: component["bom-ref"], dependsOn: [] })),
    ],
  };
}

/** The packages in the bundle, as its licence notices name them. */
function containedIn(of: Package): readonly Component[] {
  const notices = join(distOf(of), "NOTICES.md");
  const text = existsSync(notices) ? readFileSync(notices, "utf8") : "";
  return [...text.matchAll(/^## (@?[\w./-]+) (\d+\.\d+\.\d+\S*)$/gm)].map(([, name = "", version = ""]) => ({
    "bom-ref": `${name}@${version}`,
    type: "library",
    name,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    scope: "required",
    externalReferences: [],
  }));
}
