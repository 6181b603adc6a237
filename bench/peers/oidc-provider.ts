import { readFileSync } from "node:fs";
import { formRefreshing } from "../requests.ts";
import type { Contestant } from "./contestant.ts";
import { nodeProgram } from "./installed.ts";
import { startProgram } from "./program.ts";

const manifest: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(new URL("oidc-provider/package.json", import.meta.url), "utf8"),
);

/** oidc-provider: refreshes alone, because it has no login by password. */
export const oidcProvider: Contestant = {
  id: "oidc-provider",
  name: "oidc-provider",
  version: manifest.dependencies["oidc-provider"] ?? "unknown",
  configuration:
    "An adapter for better-sqlite3 with every commit flushed, one confidential client, refresh tokens that rotate, and opaque access tokens.",
  leavesOut: {},
  async prepare() {
    const script = await nodeProgram("oidc-provider");
    return async (folder, port) => {
      const service = await startProgram(port, folder, {
        command: [process.execPath, script],
        environment: { PORT: String(port), NODE_ENV: "production" },
      });
      const issued: readonly string[] = JSON.parse(readFileSync(`${folder}/tokens.json`, "utf8"));
      const client = { client_id: "bench", client_secret: "only for measuring" };
      return { ...service, issued, refresh: formRefreshing("/token", client, `127.0.0.1:${port}`) };
    };
  },
};
