import { execFileSync } from "node:child_process";
import type { Measure } from "../row.ts";
import { calls } from "./client-calls.ts";
import { coldImport } from "./client-import.ts";
import { size } from "./client-size.ts";

/** The published client, compared with `openapi-fetch` and bare `fetch`. */
export const client: Measure = async ({ quick }) => {
  const folder = new URL("../../packages/client/", import.meta.url);
  execFileSync(process.execPath, [new URL("build.js", folder).pathname], { stdio: "inherit" });
  const ours = new URL("dist/esm/index.js", folder).href;
  const other = import.meta.resolve("openapi-fetch");
  return [
    ...(await size(ours, other)),
    ...(await coldImport(ours, other, quick)),
    ...(await calls(ours, quick)),
  ];
};
