import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { run } from "@latchkey/testkit/toolchains";
import { buildah, cache } from "./buildah.ts";

const npm = "npm@11.21.2";

/** The npm package with the binary of Node. */
const nodePackage = createRequire(import.meta.url).resolve("node/package.json");
const { version }: { version: string } = JSON.parse(readFileSync(nodePackage, "utf8"));

/** The Debian of the official image `node:24-bookworm-slim`, which has no files of these folders either. */
const debian = "bookworm";
const leftOut = "{usr/share/{doc,man,locale,info}/*,var/cache/apt/*,var/lib/apt/lists/*,var/log/*}";

/** Debian with Node and npm, as the official image of Node has them, made from their packages. */
export async function nodeImage(): Promise<string> {
  const root = await nodeRoot();
  // Another image would invalidate the layers above it.
  const name = `localhost/node:${version}`;
  return (await existing(name)) ?? (await imageOf(name, root));
}

/** Node, the C and C++ libraries of Debian, and nothing else: no shell and no package manager. */
export async function bareImage(): Promise<string> {
  const root = await nodeRoot();
  const folder = `${cache}bare`;
  rmSync(folder, { recursive: true, force: true });
  const installed = await run(
    "chroot",
    [root, "dpkg-query", "--listfiles", "libc6", "libgcc-s1", "libstdc++6"],
    { cwd: cache },
  );
  const libraries = installed
    .split("\n")
    .filter((path) => /\.so(\.\d+)*$/.test(path) && !path.includes("/gconv/"));
  for (const path of ["/usr/local/bin/node", ...libraries]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    copyFileSync(join(root, path), join(folder, path));
  }
  return await imageOf(`localhost/bare-node:${version}`, folder);
}

/** The folder of the root file system, made once. */
async function nodeRoot(): Promise<string> {
  const folder = `${cache}${debian}-node-${version}`;
  if (existsSync(folder)) return folder;
  const half = `${folder}.half`;
  rmSync(half, { recursive: true, force: true });
  const options = ["--variant=minbase", "--include=ca-certificates,libstdc++6"];
  await run("debootstrap", [...options, debian, half], { cwd: cache });
  for (const path of globSync(`${half}/${leftOut}`)) rmSync(path, { recursive: true });
  await run("npm", ["install", "--global", "--prefix", `${half}/usr/local`, npm], { cwd: cache });
  cpSync(`${dirname(nodePackage)}/bin/node`, `${half}/usr/local/bin/node`, { dereference: true });
  copyAuthorities(half);
  renameSync(half, folder);
  return folder;
}

/** The build inside the image trusts the certificate authorities of this machine, such as that of a company's proxy. */
function copyAuthorities(root: string): void {
  const authorities = "/etc/ssl/certs/ca-certificates.crt";
  if (existsSync(authorities)) copyFileSync(authorities, join(root, authorities));
  mkdirSync(`${root}/usr/local/etc`, { recursive: true });
  writeFileSync(`${root}/usr/local/etc/npmrc`, `cafile=${authorities}\n`);
}

async function existing(name: string): Promise<string | undefined> {
  const found = await buildah("images", "--quiet", "--filter", `reference=${name}`);
  return found === "" ? undefined : name;
}

async function imageOf(name: string, root: string): Promise<string> {
  const file = `${root}.Containerfile`;
  writeFileSync(file, "FROM scratch\nCOPY . /\n");
  await buildah("build", "--file", file, "--tag", name, root);
  return name;
}
