import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";

const command = fileURLToPath(new URL("../../bin/latchkey.js", import.meta.url));

test("a server with an unread log answers requests, and stops on SIGTERM", async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), "latchkey-log-"));
  const args = [
    command,
    "serve",
    "--port",
    String(port),
    "--database",
    join(folder, "l.db"),
    "--log-level",
    "debug",
  ];
  const environment = {
    LATCHKEY_ADMIN_PASSWORD: "a password of its own",
    LATCHKEY_HASH_MEMORY: "64",
    LATCHKEY_ALLOW_INSECURE: "hash",
  };
  const server = spawn(process.execPath, args, {
    env: { PATH: process.env["PATH"], ...environment },
    // Standard output is a pipe that is never read; it holds 64 KiB.
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = once(server, "exit");
  try {
    await until(
      "the server answers",
      () =>
        fetch(`${url}/health/live`)
          .then(({ ok }) => ok)
          .catch(() => false),
      10_000,
    );
    for (let batch = 0; batch < 40; batch++) {
      const calls = Array.from({ length: 50 }, () => fetch(`${url}/auth/me`).then((answer) => answer.text()));
      expect((await Promise.all(calls)).every((text) => text.includes("missing_token"))).toBe(true);
    }
    server.kill("SIGTERM");
    await exited;
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
  } finally {
    server.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
});
