import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "fast",
          include: ["{packages,examples}/*/test/**/*.test.ts"],
          exclude: [
            "packages/*/test/{crash,package,keycloak}/**",
            "packages/server/test/{postgres,replicas,deploy,misfortune,wire}/**",
          ],
          globalSetup: [
            "packages/server/test/keycloak/told.ts",
            "packages/server/test/postgres/server/embedded.ts",
          ],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "crash",
          include: ["packages/server/test/crash/**/*.test.ts"],
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
          name: "package",
          include: ["packages/client/test/package/**/*.test.ts"],
          globalSetup: ["packages/client/test/package/pack.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
