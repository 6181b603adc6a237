import { chmodSync, existsSync, readdirSync } from "node:fs";
import { run } from "@latchkey/testkit/toolchains";

/** The release that builds the programs if the installed Go is too old. */
const version = "1.26.8";

/**
 * A Go that builds current modules. From 1.21 on, Go fetches the release that a module asks for. Debian 12 has an older
 * one, which fetches a newer release as a module.
 *
 * @param cache a folder for that release
 */
export async function goCommand(cache: string): Promise<string> {
  const [, minor] = /go1\.(\d+)/.exec(await run("go", ["version"], { cwd: cache })) ?? [];
  if (Number(minor) >= 21) return "go";
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const module = `golang.org/toolchain@v0.0.1-go${version}.linux-${architecture}`;
  const modules = `${cache}go-modules`;
  const folder = `${modules}/${module}`;
  if (!existsSync(folder)) {
    const env = { GOMODCACHE: modules, GOFLAGS: "-modcacherw" };
    await run("go", ["mod", "download", module], { cwd: cache, env });
  }
  // A Go before 1.21 unpacks modules without the mode of their files.
  for (const place of ["bin", `pkg/tool/linux_${architecture}`]) {
    for (const name of readdirSync(`${folder}/${place}`)) chmodSync(`${folder}/${place}/${name}`, 0o755);
  }
  return `${folder}/bin/go`;
}
