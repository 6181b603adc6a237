import { fileURLToPath } from "node:url";
import { version } from "../../src/core/version.ts";
import { bareImage, nodeImage } from "./base-images.ts";
import { buildah } from "./buildah.ts";

const checkout = fileURLToPath(new URL("../../../..", import.meta.url));

/** The image's part of a container, as the Containerfile sets it. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly StopSignal: string;
  readonly Volumes: Readonly<Record<string, unknown>>;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

/** An image, and its mounted file system. */
export interface Image extends AsyncDisposable {
  readonly config: ImageConfig;
  /** The folder of its file system. Changes there are lost at the end. */
  readonly root: string;
}

/**
 * Builds the image from the checkout.
 *
 * @param runtime `bare`: the last stage begins with Node and its libraries alone
 */
export async function buildImage(runtime: "debian" | "bare"): Promise<Image> {
  const base = await nodeImage();
  const name = `localhost/latchkey-${runtime}`;
  const last = runtime === "bare" ? await bareImage() : base;
  const values = { BUILD_IMAGE: base, RUNTIME_IMAGE: last, VERSION: version, REVISION: "a-commit" };
  await buildah(
    ...["build", "--isolation", "chroot", "--format", "docker", "--layers"],
    ...Object.entries(values).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]),
    ...["--file", `${checkout}/Containerfile`, "--tag", name, checkout],
  );
  const inspected: { Docker: { config: ImageConfig } } = JSON.parse(
    await buildah("inspect", "--type", "image", name),
  );
  const container = (await buildah("from", name)).trim();
  return {
    config: inspected.Docker.config,
    root: (await buildah("mount", container)).trim(),
    async [Symbol.asyncDispose]() {
      await buildah("rm", container);
    },
  };
}

/** Removes the layers between the stages, a gigabyte each, and the containers of a run that was interrupted. */
export async function removeLeftovers(): Promise<void> {
  await buildah("rm", "--all");
  await buildah("rmi", "--prune");
}
