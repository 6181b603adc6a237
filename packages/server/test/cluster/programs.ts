import { existsSync } from "node:fs";
import { pathWithGo } from "@latchkey/testkit/go-toolchain";
import { cacheFolder, run } from "@latchkey/testkit/toolchains";

const helmVersion = "4.3.2";
const kubeconformVersion = "0.8.0";

/** Outside git, kept from run to run. */
export const cache = cacheFolder("cluster");

/** The path of helm, built once from its Go module. */
export const helm = () => built("helm", `helm.sh/helm/v4/cmd/helm@v${helmVersion}`);

/** The path of kubeconform, which checks manifests against JSON schemas. Built once from its Go module. */
export const kubeconform = () =>
  built("kubeconform", `github.com/yannh/kubeconform/cmd/kubeconform@v${kubeconformVersion}`);

async function built(name: string, module: string): Promise<string> {
  // The folder has the version, so that another version is built anew.
  const folder = `${cache}${name}-${module.split("@v")[1]}`;
  const program = `${folder}/${name}`;
  if (!existsSync(program)) {
    const env = { PATH: await pathWithGo(), GOBIN: folder, CGO_ENABLED: "0" };
    await run("go", ["install", module], { cwd: cache, env });
  }
  return program;
}
