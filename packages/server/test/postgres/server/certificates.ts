import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { giveToEngine } from "@latchkey/testkit/postgres/binaries";

/** Files in PEM form. */
export interface Certificates {
  readonly authority: string;
  readonly server: string;
  readonly key: string;
}

/** The parameters of a new key. */
const newKey = { ec: ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], rsa: ["rsa:2048"] } as const;

export type CertificateKey = keyof typeof newKey;

/** Makes an authority and its certificate for 127.0.0.1. Both are valid for a day. */
export function makeCertificates(folder: string, key: CertificateKey = "ec"): Certificates {
  const place = join(folder, "tls");
  mkdirSync(place);
  giveToEngine(place);
  const at = (name: string) => join(place, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const usual = ["-x509", "-newkey", ...newKey[key], "-nodes", "-days", "1"];
  openssl("req", ...usual, "-subj", "/CN=Test authority", "-keyout", at("ca.key"), "-out", at("ca.pem"));
  openssl(
    ...["req", ...usual, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-keyout", at("server.key"), "-out", at("server.pem")],
  );
  giveToEngine(at("server.key"));
  return { authority: at("ca.pem"), server: at("server.pem"), key: at("server.key") };
}
