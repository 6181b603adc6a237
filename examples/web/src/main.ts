import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { build } from "rolldown";
import { webApp } from "./app.ts";

const login = process.env["LATCHKEY_ISSUER"] ?? "http://127.0.0.1:8000";
const notes = process.env["NOTES_API"] ?? "http://127.0.0.1:4000";
const port = Number(process.env["PORT"] ?? 5000);

const page = join(import.meta.dirname, "../page");
const { output } = await build({
  input: join(page, "page.tsx"),
  platform: "browser",
  write: false,
  transform: { define: { "process.env.NODE_ENV": '"production"' } },
  output: { minify: true },
});
const html = readFileSync(join(page, "index.html"), "utf8");
const app = webApp({ login, notes, html, script: output[0].code });

const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port }, (address) => {
  process.stdout.write(`the web app is at http://localhost:${address.port}, with logins from ${login}\n`);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => server.close());
