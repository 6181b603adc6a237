import type { Environment } from "@latchkey/testkit/programs";
import type { Image } from "./image.ts";

interface Run {
  readonly args: readonly string[];
  readonly env: Environment;
  /** Folders of this machine, by their place in the container. */
  readonly mounts: Readonly<Record<string, string>>;
}

const system = [
  { destination: "/proc", type: "proc", source: "proc" },
  { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"] },
  { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=1777"] },
];

/** The container that an engine makes of an image: user, command and variables are the image's. */
export function runtimeSpec({ config, root }: Image, { args, env, mounts }: Run): object {
  const [uid, gid] = config.User.split(":").map(Number);
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return {
    ociVersion: "1.0.0",
    root: { path: root, readonly: true },
    hostname: "latchkey",
    process: {
      user: { uid, gid },
      cwd: config.WorkingDir,
      args: [...config.Entrypoint, ...args],
      env: [...config.Env, ...given],
      noNewPrivileges: true,
      capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
    },
    mounts: [
      ...system,
      ...Object.entries(mounts).map(([destination, source]) => ({
        ...{ destination, type: "bind", source },
        options: ["bind", destination === "/data" ? "rw" : "ro", "nosuid", "nodev"],
      })),
    ],
    // It shares this machine's network, so each container listens at a port of its own.
    linux: { namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })) },
  };
}
