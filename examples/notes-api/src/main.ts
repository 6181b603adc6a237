import { createGuard } from "@latchkey/guard";
import { notesApi } from "./app.ts";

const issuer = process.env["LATCHKEY_ISSUER"] ?? "http://127.0.0.1:8000";
const port = Number(process.env["PORT"] ?? 4000);

const guard = createGuard({ issuer });
const app = notesApi(guard);
app.addHook("onClose", () => guard.close());
const url = await app.listen({ host: "127.0.0.1", port });
process.stdout.write(`notes at ${url}/notes, with logins from ${issuer}\n`);

function end(): void {
  void app.close();
  // Slow requests get one more second.
  setTimeout(() => app.server.closeAllConnections(), 1_000).unref();
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
