import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { beforeAll, describe, expect, test } from "vitest";
import { changedExample } from "./env-example.ts";
import { SystemdMachine, whyNoSystemd } from "./systemd-machine.ts";

const place = new Place();
const secret = "a secret of the service, for this test alone";
const settings = changedExample({
  LATCHKEY_ISSUER: "https://login.example.com",
  LATCHKEY_SECRET: secret,
  LATCHKEY_ADMIN_PASSWORD: adminPassword,
});

/** A start, with the hash of the first administrator's password, may take this long, in milliseconds. */
const startTimeout = 30_000;

const missing = whyNoSystemd(place.path("probe"));
if (missing !== undefined) {
  process.stderr.write(`Left out: deploy/latchkey.service under a real systemd; ${missing}.\n`);
}

describe.skipIf(missing !== undefined)("deploy/latchkey.service under a real systemd", () => {
  let machine: SystemdMachine;
  const ready = () =>
    until("the server is ready", () => machine.ask("/health/ready").status === 200, startTimeout);
  const login = () => machine.ask("/auth/login", { body: { username: "admin", password: adminPassword } });
  const tokenOf = ({ text }: { text: string }): string => JSON.parse(text).access_token;
  const me = (token: string) => machine.ask("/auth/me", { token }).status;
  const restarts = () => Number(machine.property("NRestarts"));

  beforeAll(async () => {
    machine = await SystemdMachine.boot(place.path("machine"), settings);
    return () => machine[Symbol.asyncDispose]();
  });
  beforeAll(() => ready());

  test("systemd reads each line of deploy/latchkey.env.example", () => {
    const environment = machine.run("cat", `/proc/${machine.property("MainPID")}/environ`).split("\0");
    expect(environment).toContain("LATCHKEY_ISSUER=https://login.example.com");
    expect(environment).toContain(`LATCHKEY_ADMIN_PASSWORD=${adminPassword}`);
    expect(environment).toContain("LATCHKEY_DATABASE=/var/lib/latchkey/latchkey.db");
    expect(machine.run("journalctl", "--no-pager")).not.toContain("Ignoring invalid environment");
  });

  test("users sign in", () => {
    const signedIn = login();
    expect(signedIn.status).toBe(200);
    expect(me(tokenOf(signedIn))).toBe(200);
  });

  test("it runs as its own user without privileges", () => {
    const pid = machine.property("MainPID");
    expect(machine.run("ps", "-o", "user=", "-p", pid)).toBe("latchkey");
    const status = machine.run("cat", `/proc/${pid}/status`);
    for (const line of [/^CapEff:\t0+$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m]) {
      expect(status).toMatch(line);
    }
  });

  test("it writes only its state, readable by itself alone", () => {
    const files = machine.run("find", "/var/lib/latchkey", "-printf", "%M %u\n").split("\n");
    expect([...new Set(files)].sort()).toEqual(["-rw------- latchkey", "drwx------ latchkey"]);
    // Root sees the same mounts as the process, so read-only folders are read-only here too.
    const inside = ["nsenter", "--target", machine.property("MainPID"), "--mount", "--root", "--wd", "--"];
    const isWritable = (folder: string) => {
      machine.run(...inside, "touch", `${folder}/written`);
      return machine.run(...inside, "find", folder, "-maxdepth", "1", "-name", "written") !== "";
    };
    expect(isWritable("/var/lib/latchkey")).toBe(true);
    for (const folder of ["/opt/latchkey", "/etc", "/usr", "/var", "/home", "/root"]) {
      expect(isWritable(folder), folder).toBe(false);
    }
  });

  test("its secrets are in no argument, no property and no log", () => {
    expect(machine.run("stat", "--format=%A %U", "/etc/latchkey.env")).toBe("-rw------- root");
    const seen = [
      machine.run("ps", "-eo", "args"),
      machine.run("systemctl", "show", "latchkey"),
      machine.run("journalctl", "--no-pager"),
    ].join("\n");
    expect(seen).toContain("latchkey.js serve");
    expect(seen).toContain("login.succeeded");
    expect(seen).not.toContain(secret);
    expect(seen).not.toContain(adminPassword);
  });

  test("after a kill it is restarted, with its sessions", async () => {
    const token = tokenOf(login());
    const before = restarts();
    machine.run("kill", "-KILL", machine.property("MainPID"));
    await until("systemd has restarted the service", () => restarts() > before, startTimeout);
    await ready();
    expect(me(token)).toBe(200);
  });

  test("after a stop with status 0, the next start has its sessions", async () => {
    const token = tokenOf(login());
    machine.run("systemctl", "stop", "latchkey");
    expect(["ActiveState", "Result", "ExecMainStatus"].map((name) => machine.property(name))).toEqual([
      "inactive",
      "success",
      "0",
    ]);
    machine.run("systemctl", "start", "latchkey");
    await ready();
    expect(me(token)).toBe(200);
  });

  test("the secret may be a credential of systemd, which its user alone reads", async () => {
    const token = tokenOf(login());
    const dropIn = [
      "[Service]",
      "LoadCredential=secret:/etc/latchkey.secret",
      "Environment=LATCHKEY_SECRET_FILE=%d/secret",
    ].join("\n");
    const folder = "/etc/systemd/system/latchkey.service.d";
    const write = (text: string, file: string) =>
      machine.run("sh", "-c", 'umask 077; printf "%s\n" "$0" > "$1"', text, file);
    machine.run("mkdir", folder);
    write(secret, "/etc/latchkey.secret");
    write(dropIn, `${folder}/credential.conf`);
    machine.settings(settings.replace(/^LATCHKEY_SECRET=.*$/m, ""));
    machine.run("systemctl", "daemon-reload");
    machine.run("systemctl", "restart", "latchkey");
    await ready();
    expect(me(token)).toBe(200);
    const credential = "/run/credentials/latchkey.service/secret";
    // The user's own in systemd 252. Since systemd 254 root's, with an access list that shows as rights of the group.
    expect(machine.run("stat", "--format=%A %U", credential)).toMatch(/^-r--(------ latchkey|r----- root)$/);

    machine.run("rm", "-r", folder);
    machine.settings(settings);
    machine.run("systemctl", "daemon-reload");
    machine.run("systemctl", "restart", "latchkey");
    await ready();
  });

  test("with an invalid setting it retries, and starts once that is corrected", async () => {
    machine.run("systemctl", "stop", "latchkey");
    machine.settings(`${settings}LATCHKEY_SECRET=short\n`);
    machine.run("systemctl", "start", "latchkey");
    // By default, systemd stops after five starts.
    await until("systemd has restarted the service six times", () => restarts() >= 6, 120_000);
    const log = machine.run("journalctl", "--unit=latchkey", "--output=cat", "--no-pager");
    expect(log).toMatch(/^latchkey: .*LATCHKEY_SECRET/m);
    machine.settings(settings);
    await ready();
  }, 180_000);
});
