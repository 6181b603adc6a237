import { cacheFolder, run } from "./toolchains.ts";

/** The release that is fetched if the machine's Go is too old. */
const fetched = "1.26.8";

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/**
 * A `PATH` with a Go that is new enough: the machine's own, or a toolchain from the module proxy. Debian 12 has Go 1.19,
 * and newer versions of Go fetch toolchains in the same way.
 *
 * @param oldest the minor version of Go 1 from which on the machine's own will do. From 21 on, Go fetches the toolchain
 * that a module asks for
 */
export async function pathWithGo(oldest = 21): Promise<string> {
  // Without a go.mod, because an old Go refuses one of a newer Go.
  const cwd = cacheFolder("go");
  const path = process.env["PATH"] ?? "";
  const [, minor = ""] = /go1\.(\d+)/.exec(await run("go", ["version"], { cwd })) ?? [];
  if (Number(minor) >= oldest) return path;
  const platform = `${process.platform}-${architectures[process.arch]}`;
  const toolchain = `golang.org/toolchain@v0.0.1-go${fetched}.${platform}`;
  const { Dir: folder }: { readonly Dir: string } = JSON.parse(
    await run("go", ["mod", "download", "-json", toolchain], { cwd }),
  );
  // A module has no executable files.
  await run("chmod", ["-R", "u+rwx", `${folder}/bin`, `${folder}/pkg/tool`], { cwd });
  return `${folder}/bin:${path}`;
}
