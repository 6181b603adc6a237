import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";
import { makeCertificates } from "../postgres/server/certificates.ts";

export interface Nginx extends AsyncDisposable {
  /** The address that it listens on, over TLS. */
  readonly url: string;
  /** The content of all its logs. */
  logs(): string;
}

/** Runs Debian's nginx with exactly `deploy/nginx.conf`, but for what the file says is to be changed, and ports. */
export async function startNginx(folder: string, replicas: readonly [string, string]): Promise<Nginx> {
  mkdirSync(folder, { recursive: true });
  const certificates = makeCertificates(folder);
  const port = await freePort();
  const file = readFileSync(new URL("../../../../deploy/nginx.conf", import.meta.url), "utf8");
  const changes: readonly (readonly [string, string])[] = [
    ["10.0.0.11:8000", new URL(replicas[0]).host],
    ["10.0.0.12:8000", new URL(replicas[1]).host],
    ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
    ["/etc/ssl/certs/login.example.com.pem", certificates.server],
    ["/etc/ssl/private/login.example.com.key", certificates.key],
    ["/var/log/nginx/latchkey.log", join(folder, "access.log")],
    ["/var/log/nginx/latchkey-error.log", join(folder, "latchkey-error.log")],
  ];
  let text = file;
  for (const [from, to] of changes) {
    if (text.split(from).length !== 2) throw new Error(`deploy/nginx.conf does not say ${from} once`);
    text = text.replace(from, to);
  }
  writeFileSync(join(folder, "latchkey.conf"), text);
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const main = join(folder, "nginx.conf");
  writeFileSync(
    main,
    `daemon off; worker_processes 1; pid ${join(folder, "pid")}; error_log ${join(folder, "error.log")};
    events {} http { ${places.join(" ")} include ${join(folder, "latchkey.conf")}; }\n`,
  );
  const test = spawnSync("nginx", ["-t", "-c", main], { encoding: "utf8" });
  if (test.status !== 0) throw new Error(`nginx does not take the file: ${test.stderr}`);
  const child: ChildProcess = spawn("nginx", ["-c", main], { stdio: "ignore" });
  const url = `https://127.0.0.1:${port}`;
  const answers = () => spawnSync("curl", ["-sk", `${url}/health/live`]).status === 0;
  await until("nginx listens", answers, 10_000);
  return {
    url,
    logs: () =>
      ["access.log", "latchkey-error.log", "error.log"]
        .map((name) => readFileSync(join(folder, name), "utf8"))
        .join(""),
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGQUIT");
      setTimeout(() => child.kill("SIGTERM"), 1000).unref();
      await ended;
    },
  };
}
