import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { memoryFolder } from "./packages/testkit/src/memory-folder.ts";

// Durability is the subject of the other suites. Writer threads and programs find their TypeScript compiled.
const env = {
  TMPDIR: memoryFolder(2 ** 30),
  NODE_COMPILE_CACHE: new URL("node_modules/.cache/latchkey-test", import.meta.url).pathname,
};

export default defineConfig({
  test: {
    // Tests of processes wait more than they compute. By default, vitest leaves one of two processors idle.
    maxWorkers: availableParallelism() + 1,
    // Without isolation, the files of a worker share their modules: a test undoes its changes to globals.
    projects: [
      {
        test: {
          name: "client",
          include: ["packages/client/test/**/*.test.ts"],
          exclude: ["packages/client/test/package/**"],
          testTimeout: 30_000,
          isolate: false,
          env,
        },
      },
      {
        test: {
          name: "guard",
          include: ["packages/guard/test/**/*.test.ts"],
          testTimeout: 30_000,
          isolate: false,
          env,
        },
      },
      {
        test: {
          name: "server",
          include: [
            "packages/server/test/**/*.test.ts",
            "examples/*/test/**/*.test.ts",
            "bench/test/**/*.test.ts",
          ],
          exclude: [
            "packages/server/test/{crash,keycloak,postgres,replicas,deploy,misfortune,scale,wire,languages,oauth-clients,container,cluster}/**",
            "examples/web/test/browser/**",
          ],
          globalSetup: [
            "packages/server/test/keycloak/skip-notice.ts",
            "packages/server/test/postgres/server/embedded.ts",
          ],
          testTimeout: 30_000,
          // The first test that asks for PostgreSQL starts it.
          hookTimeout: 60_000,
          isolate: false,
          env,
        },
      },
      {
        test: {
          name: "crash",
          include: ["packages/server/test/crash/**/*.test.ts"],
          globalSetup: ["packages/server/test/postgres/server/embedded.ts"],
          testTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "keycloak",
          include: ["packages/server/test/keycloak/**/*.test.ts"],
          globalSetup: ["packages/server/test/keycloak/setup.ts"],
          testTimeout: 60_000,
          // The first start fetches Keycloak and prepares its database.
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "postgres",
          include: ["packages/server/test/postgres/**/*.test.ts"],
          globalSetup: ["packages/server/test/postgres/server/debian.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "replicas",
          include: ["packages/server/test/replicas/**/*.test.ts"],
          testTimeout: 7_200_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "deploy",
          include: ["packages/server/test/deploy/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "misfortune",
          include: ["packages/server/test/misfortune/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "scale",
          include: ["packages/server/test/scale/**/*.test.ts"],
          globalSetup: ["packages/server/test/postgres/server/embedded.ts"],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          env,
        },
      },
      {
        test: {
          name: "wire",
          include: ["packages/server/test/wire/**/*.test.ts"],
          // The first run fetches the tools and the dependencies of the generated clients.
          testTimeout: 900_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "container",
          include: ["packages/server/test/{container,cluster}/**/*.test.ts"],
          // The first run builds helm, and the base of the image.
          testTimeout: 300_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "languages",
          include: ["packages/server/test/languages/**/*.test.ts"],
          // Fetches the libraries of the page in the first run, and builds its programs.
          globalSetup: ["packages/server/test/languages/build.ts"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "oauth-clients",
          include: ["packages/server/test/oauth-clients/**/*.test.ts"],
          globalSetup: [
            // Fetches the programs of others in the first run.
            "packages/server/test/oauth-clients/install.ts",
            "packages/server/test/postgres/server/embedded.ts",
          ],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Most of these tests wait for tokens to expire.
          maxConcurrency: 8,
          env,
        },
      },
      {
        test: {
          name: "package",
          include: [
            "release/test/**/*.test.ts",
            "packages/client/test/package/**/*.test.ts",
            "examples/web/test/browser/**/*.test.ts",
          ],
          globalSetup: ["release/test/packed.ts"],
          // The first run fetches the runtimes, and a dry run of a release installs everything anew.
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
