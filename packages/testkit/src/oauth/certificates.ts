import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** PEM texts. */
export interface HostCertificate {
  readonly authority: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes an authority and its certificate for some hosts. Both are valid for a day. */
export function certificateFor(hosts: readonly string[]): HostCertificate {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-host-"));
  const at = (name: string) => join(folder, name);
  const text = (name: string) => readFileSync(at(name), "utf8");
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const usual = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  try {
    openssl("req", ...usual, "-subj", "/CN=Test authority", "-keyout", at("ca.key"), "-out", at("ca.pem"));
    const names = hosts.map((host) => `DNS:${host}`).join(",");
    openssl(
      ...["req", ...usual, "-subj", "/CN=Test host", "-addext", `subjectAltName=${names}`],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-keyout", at("key.pem"), "-out", at("cert.pem")],
    );
    return { authority: text("ca.pem"), cert: text("cert.pem"), key: text("key.pem") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
