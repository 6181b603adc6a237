import { join } from "node:path";

/** The root of the repository. */
export const root = join(import.meta.dirname, "..");

/** A published package, and how it is built. */
export interface Package {
  /** Its name on npm. */
  readonly name: string;
  /** Its folder under `packages`. */
  readonly folder: "client" | "guard" | "server";
  /** A library is built for `import` and for `require`, with types. A program is built as ES modules. */
  readonly kind: "library" | "program";
  /** Whether every entry is one file without shared parts. One small file loads faster than several. */
  readonly separateEntries?: boolean;
  /** The standard libraries that the sources may use. The oldest supported platform has all of them. */
  readonly lib?: string;
  /**
   * Packages that the built code contains. Each would bring many packages, or megabytes of unused code, or delay the
   * start: Node takes longer to find hundreds of files than to run them.
   */
  readonly contains?: readonly string[];
  /** Subpaths for Latchkey's own packages, which contain them after the build. They are not published. */
  readonly internal?: readonly string[];
}

/** The published packages. */
export const packages: readonly Package[] = [
  {
    name: "@latchkey/client",
    folder: "client",
    kind: "library",
    separateEntries: true,
    lib: "es2023,esnext.disposable,dom,dom.iterable",
  },
  {
    name: "@latchkey/guard",
    folder: "guard",
    kind: "library",
    lib: "es2023,esnext.disposable",
    internal: [
      "./bearer",
      "./bounded-body",
      "./clocks",
      "./loopback",
      "./own-members",
      "./single-flight",
      "./timers",
    ],
  },
  {
    name: "latchkey",
    folder: "server",
    kind: "program",
    contains: [
      "@fastify/ajv-compiler",
      "@fastify/cors",
      "@modelcontextprotocol/server",
      "fastify",
      "hono",
      "ipaddr.js",
      "jose",
      "pg",
      "pino",
      "pino-pretty",
      "sonic-boom",
    ],
  },
];

/** The folder of a package's sources. */
export function folderOf({ folder }: Package): string {
  return join(root, "packages", folder);
}

/** The folder of a built package, as npm packs it. */
export function distOf(of: Package): string {
  return join(folderOf(of), "dist");
}
