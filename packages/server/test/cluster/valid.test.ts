import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "@latchkey/testkit/toolchains";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chart, render, valueFiles } from "./chart.ts";
import { helm, kubeconform } from "./programs.ts";
import { releases, schemaLocations } from "./schemas.ts";

const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let locations: readonly string[];
beforeAll(async () => {
  locations = await schemaLocations();
  await Promise.all([helm(), kubeconform()]);
});

/** Checks manifests against the schemas of a release, without fields that the schemas do not name. */
async function check(manifests: string, release: (typeof releases)[number]): Promise<unknown> {
  const file = join(folder, "manifests.yaml");
  writeFileSync(file, manifests);
  const places = locations.flatMap((location) => ["-schema-location", location]);
  const options = ["-strict", "-summary", "-output", "json", "-kubernetes-version", release];
  return JSON.parse(await run(await kubeconform(), [...options, ...places, file], { cwd: folder })).summary;
}

describe.each(valueFiles)("with ci/%s", (file) => {
  test("helm lint finds nothing", async () => {
    const found = await run(await helm(), ["lint", "--strict", chart, "--values", `${chart}/ci/${file}`], {
      cwd: folder,
    });
    expect(found).toContain("0 chart(s) failed");
    expect(found).not.toMatch(/\[(WARNING|ERROR)]/);
  });

  test.each(releases)("every manifest is valid in Kubernetes %s", async (release) => {
    const manifests = await render({ file });
    const summary = await check(manifests, release);
    const valid = manifests.match(/^kind: /gm)?.length;
    expect(summary).toEqual({ valid, invalid: 0, errors: 0, skipped: 0 });
  });
});

test("the command of docs/container.md renders valid manifests", async () => {
  const page = readFileSync(new URL("../../../../docs/container.md", import.meta.url), "utf8");
  const [, flags = ""] = /helm install login deploy\/helm\/latchkey (.*?)```/s.exec(page) ?? [];
  const words = flags.replaceAll("\\\n", " ").trim().split(/\s+/);
  expect(words).toContain("issuer=https://login.example.com");
  const manifests = await run(await helm(), ["template", "login", chart, ...words], { cwd: folder });
  expect(await check(manifests, "1.37.0")).toMatchObject({ valid: 5, invalid: 0, errors: 0 });
});

test.each([
  ["a Deployment", "replicas: 3", "replicaz: 3"],
  ["a NetworkPolicy", "policyTypes: [Ingress, Egress]", "policyTypes: Ingress"],
  ["a ServiceMonitor", "interval: 15s", "intervall: 15s"],
])("the check finds a fault in %s", async (_, from, to) => {
  const manifests = await render({ file: "full-values.yaml" });
  expect(manifests).toContain(from);
  await expect(check(manifests.replace(from, to), "1.37.0")).rejects.toThrow(to.split(":")[0]);
});
