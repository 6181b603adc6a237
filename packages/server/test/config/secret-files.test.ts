import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { unknownVariables } from "../../src/config/environment.ts";
import { allSettings, fileVariableOf, variableOf } from "../../src/config/settings.ts";

// Another user must reach the files too, to show which ones that user cannot read.
const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const secret = "Zm9yIHRlc3RzIG9ubHksIG5vdCBzZWNyZXQ";
let files = 0;

function file(content: string | Uint8Array, mode = 0o600): string {
  const path = join(folder, `secret-${files++}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** Runs as another user, with the rights of that user alone. Without root, the caller already is one. */
function asNobody<T>(work: () => T): T {
  if (!isRoot) return work();
  process.setegid?.(nobody);
  process.seteuid?.(nobody);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

const read = (path: string) =>
  readConfig({ LATCHKEY_KEYCLOAK_CLIENT_SECRET_FILE: path }).keycloakClientSecret;

const twins = allSettings.flatMap(([name, setting]) => {
  const variable = fileVariableOf(name, setting);
  return variable === undefined ? [] : [{ name, variable, plain: variableOf(name) }];
});

test("each setting that may hold a secret has a variable for a file", () => {
  expect(twins.map(({ variable }) => variable)).toEqual([
    "LATCHKEY_DATABASE_FILE",
    "LATCHKEY_SECRET_FILE",
    "LATCHKEY_KEYCLOAK_CLIENT_SECRET_FILE",
    "LATCHKEY_ADMIN_PASSWORD_FILE",
    "LATCHKEY_GUARD_KEYS_FILE",
    "LATCHKEY_METRICS_KEYS_FILE",
    "LATCHKEY_SMTP_URL_FILE",
    "LATCHKEY_MAIL_WEBHOOK_SECRET_FILE",
  ]);
});

/** Texts of settings that have a form. */
const texts: Readonly<Record<string, string>> = {
  database: "postgres://u:hunter2@h/d",
  smtpUrl: "smtps://u:hunter2@h",
};

/** Settings that another one needs. */
const others: Readonly<Record<string, object>> = {
  mailWebhookSecret: { LATCHKEY_MAIL_WEBHOOK_URL: "https://hooks.example.com" },
};

describe.each(twins)("$variable", ({ name, variable, plain }) => {
  const text = texts[name] ?? secret;
  const alone = {
    LATCHKEY_SECRET: name === "secret" ? "" : secret,
    LATCHKEY_MAIL_FROM: "login@example.com",
  };
  const more = { ...alone, ...others[name] };

  test.each(["", "\n", "\r\n", "\n\n"])("has the value of the variable, with %j at its end", (end) => {
    const given = { ...more, [variable]: file(text + end) };
    expect(readConfig(given)).toEqual(readConfig({ ...more, [plain]: text }));
  });

  test("is refused beside the variable itself, and the error names both", () => {
    const both = () => readConfig({ ...more, [plain]: text, [variable]: file(text) });
    expect(both).toThrow(`${plain} and ${variable} are both set: unset one of them`);
  });

  test("that is blank counts as not set", () => {
    expect(readConfig({ ...alone, [variable]: " \r" })).toEqual(readConfig(alone));
  });

  test("is a known variable", () => {
    expect(unknownVariables({ [variable]: "x", [`${variable}S`]: "x" })).toEqual([`${variable}S`]);
  });

  test("with a refused value: the error names the file, without the value", () => {
    const path = file(name === "database" ? "mysql://root:hunter2@h/d" : "hunter2\u0007");
    const given = () => readConfig({ ...more, [variable]: path });
    expect(given).toThrow(`${variable}=${path}: `);
    expect(given).not.toThrow(/hunter2/);
  });
});

test("a file with secrets is a list, one a line", () => {
  const path = file(`${secret}\n\n${"another".repeat(5)}\n`);
  expect(readConfig({ LATCHKEY_SECRET_FILE: path }).secret).toEqual([secret, "another".repeat(5)]);
});

test.each([
  [1, `# the secret of 2026, made by the operators\n${secret}`],
  [2, `${secret}\n# remove the next one in 2027, once all sessions have ended\n${secret}`],
])("a comment in line %i is refused, because it would be a guessable secret", (number, text) => {
  const path = file(text);
  expect(() => readConfig({ LATCHKEY_SECRET_FILE: path })).toThrow(
    `LATCHKEY_SECRET_FILE=${path}: line ${number} is a comment, which would be a guessable secret: remove it`,
  );
});

test("a secret of random characters may begin with #", () => {
  const path = file(`#${secret}`);
  expect(readConfig({ LATCHKEY_SECRET_FILE: path }).secret).toEqual([`#${secret}`]);
});

test("a flag goes before the file of its setting", () => {
  const given = { LATCHKEY_DATABASE_FILE: file("postgres://u:hunter2@h/d") };
  expect(readConfig(given, { database: "other.db" }).database).toEqual({
    engine: "sqlite",
    path: "other.db",
  });
});

describe("a file with a secret is refused, with its path and the cure, if it", () => {
  const chmod = (path: string) => `\`chmod 600 ${path}\``;

  test.each<[string, () => string, (path: string) => string]>([
    [
      "is missing",
      () => join(folder, "missing"),
      () => "it does not exist: create the file, or correct the path",
    ],
    [
      "is below a file",
      () => join(file("x"), "secret"),
      () => "it does not exist: create the file, or correct the path",
    ],
    ["is empty", () => file(""), () => "it is empty: write the secret into it"],
    ["has only a line end", () => file("\n"), () => "it is empty: write the secret into it"],
    ["is the folder of the file", () => folder, () => "it is a directory: name the file in it"],
    [
      "is a pipe",
      () => {
        const path = join(folder, `pipe-${files++}`);
        execFileSync("/bin/sh", ["-c", 'mkfifo -m 600 "$0"', path]);
        return path;
      },
      () => "it is not a regular file: write the secret into one",
    ],
    [
      "is too large",
      () => file("x".repeat(65_537)),
      () => "it has 65537 bytes, more than 65536: name a file with the secret alone",
    ],
    [
      "can be read by all users",
      () => file(secret, 0o644),
      (path) => `other users can read or write it (mode 0644): ${chmod(path)}`,
    ],
    [
      "can be written by all users",
      () => file(secret, 0o602),
      (path) => `other users can read or write it (mode 0602): ${chmod(path)}`,
    ],
    [
      "can be written by its group",
      () => file(secret, 0o620),
      (path) => `its group can read or write it (mode 0620): ${chmod(path)}`,
    ],
    [
      "can be read by all users through a link",
      () => {
        const link = join(folder, `link-${files++}`);
        symlinkSync(file(secret, 0o444), link);
        return link;
      },
      (path) => `other users can read or write it (mode 0444): ${chmod(path)}`,
    ],
    ["is UTF-16", () => file(Buffer.from(secret, "utf16le")), () => "it is not UTF-8 but looks like UTF-16"],
  ])("%s", (_name, make, cause) => {
    const path = make();
    expect(() => read(path)).toThrow(`LATCHKEY_KEYCLOAK_CLIENT_SECRET_FILE=${path}: ${cause(path)}`);
  });

  test("can be read by a group, and belongs to the user of the server", () => {
    const path = file(secret, 0o640);
    if (isRoot) chownSync(path, nobody, nobody);
    expect(() => asNobody(() => read(path))).toThrow(
      `its group can read or write it (mode 0640): ${chmod(path)}`,
    );
  });

  test("cannot be read by the user of the server", () => {
    const path = file(secret, isRoot ? 0o600 : 0);
    const chown = isRoot ? `\`chown ${nobody} ${path}\` and ` : "";
    expect(() => asNobody(() => read(path))).toThrow(`it cannot be read (EACCES): ${chown}${chmod(path)}`);
  });
});

describe("a file with a secret is accepted", () => {
  test.each([0o600, 0o400, 0o700])("with mode %o", (mode) => {
    expect(read(file(secret, mode))).toBe(secret);
  });

  test.runIf(isRoot).each([0o440, 0o640])(
    "with mode %o if it belongs to root, and is read by a group",
    (mode) => {
      const path = file(secret, mode);
      chownSync(path, 0, nobody);
      expect(asNobody(() => read(path))).toBe(secret);
    },
  );

  test("through a chain of links, as Kubernetes mounts it", () => {
    const mount = join(folder, "mount");
    mkdirSync(join(mount, "..2026_01_01"), { recursive: true });
    writeFileSync(join(mount, "..2026_01_01/secret"), secret, { mode: 0o400 });
    symlinkSync("..2026_01_01", join(mount, "..data"));
    symlinkSync("..data/secret", join(mount, "secret"));
    expect(read(join(mount, "secret"))).toBe(secret);
  });
});
