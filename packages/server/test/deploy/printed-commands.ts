import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type Operated, SystemdMachine } from "./systemd-machine.ts";

export const root = join(import.meta.dirname, "../../../..");

/** A certificate instead of the one of Let's Encrypt, which needs a public name. The machine itself is that name. */
const ownCertificate = `
mkdir -p /etc/letsencrypt/live/login.example.com
cd /etc/letsencrypt/live/login.example.com
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj /CN=login.example.com \\
  -addext subjectAltName=DNS:login.example.com -keyout privkey.pem -out fullchain.pem
cat fullchain.pem >> /etc/ssl/certs/ca-certificates.crt
echo 127.0.0.1 login.example.com >> /etc/hosts
`;

/** The drop-in of the service under which its clock is wrong. */
export const wrongClock = "/etc/systemd/system/latchkey.service.d/wrong-clock.conf";

/** The commands that the machine cannot run as printed. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/^certbot certonly .*$/m, ownCertificate],
  [/^npm install latchkey(@latest)? /m, "npm install /srv/latchkey.tgz "],
  // The npm of another source than Debian conflicts with Debian's.
  [/^(apt-get install .*) npm /m, "if command -v npm; then npm=; else npm=npm; fi; $1 $$npm "],
  // The clock of a container is the host's.
  [
    /^timedatectl set-ntp true\ntimedatectl timesync-status$/m,
    `rm -f ${wrongClock}\nsystemctl daemon-reload`,
  ],
];

/** Builds and packs the package as for publishing, and boots a machine that has only this file. */
export async function freshMachine(folder: string): Promise<SystemdMachine> {
  execFileSync(process.execPath, [join(root, "release/build.ts")]);
  const dist = join(root, "packages/server/dist");
  const pack = ["pack", "--json", "--pack-destination", folder];
  const [{ filename }] = JSON.parse(execFileSync("npm", pack, { cwd: dist, encoding: "utf8" }));
  return SystemdMachine.bare(join(folder, "machine"), join(folder, filename));
}

/**
 * Runs a block of a page as an operator would.
 *
 * @param typed what the operator types into its programs
 */
export function runPrinted(machine: SystemdMachine, block: string, typed = ""): Promise<Operated> {
  const script = replacements.reduce((text, [from, to]) => text.replace(from, to), block);
  return machine.operate(script, typed);
}
