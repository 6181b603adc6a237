import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@latchkey/testkit/sockets";
import { type CertificateKey, makeCertificates } from "../postgres/server/certificates.ts";
import { runNginx } from "./run-nginx.ts";

export interface Nginx extends AsyncDisposable {
  /** The address that it listens on, over TLS. */
  readonly url: string;
  /** The content of all its logs. */
  logs(): string;
}

/**
 * Runs Debian's nginx with `deploy/nginx.conf`. Only addresses and paths are replaced.
 *
 * @param key the kind of its certificate's key
 */
export async function startNginx(
  folder: string,
  replicas: readonly [string, string],
  key: CertificateKey = "ec",
): Promise<Nginx> {
  mkdirSync(folder, { recursive: true });
  const certificates = makeCertificates(folder, key);
  const port = await freePort();
  const file = readFileSync(new URL("../../../../deploy/nginx.conf", import.meta.url), "utf8");
  const changes: readonly (readonly [string, string])[] = [
    ["server 127.0.0.1:8000", `server ${new URL(replicas[0]).host}`],
    ["#server 10.0.0.12:8000", `server ${new URL(replicas[1]).host}`],
    // The machine of the tests may be without IPv6.
    ["listen [::]:443 ssl http2;", ""],
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
  const url = `https://127.0.0.1:${port}`;
  const answers = () => spawnSync("curl", ["-sk", `${url}/health/live`]).status === 0;
  const logs = ["access.log", "latchkey-error.log", "error.log"].map((name) => join(folder, name));
  return {
    url,
    logs: () => logs.map((log) => readFileSync(log, "utf8")).join(""),
    ...(await runNginx(folder, `include ${join(folder, "latchkey.conf")};`, answers)),
  };
}
