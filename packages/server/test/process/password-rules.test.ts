import { login } from "@latchkey/testkit/server/auth-calls";
import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { expectRefusal } from "./refusal.ts";

const place = new Place({ commands: "here" });
let server: ServerProcess;

beforeAll(async () => {
  server = await place.server();
});

function add(name: string, password: string) {
  return place.latchkey(["user", "add", name, "--email", `${name}.mail@example.com`], {
    input: `${password}\n`,
  });
}

describe.concurrent("a new password is refused in one line if it is", () => {
  test.for([
    ["short", "seven77", /at least 8 characters/],
    ["short in characters, whatever its bytes", "🙂🙂🙂🙂🙂🙂🙂", /at least 8 characters/],
    ["common", "iloveyou", /too common/],
    ["common in another case", "PassWord123", /too common/],
    ["of one character", "111111111111111", /too common/],
    ["a sequence", "abcdefghijkl", /too easy to guess: .*three or more words/],
    ["the user's name and a year", "Margarethe2024!", /leave out your own name/],
    ["the product's name and a digit", "Latchkey1", /the name of this service/],
    ["the user's name", "MARGARETHE", /own name or e-mail/],
    ["the user's e-mail address", "Margarethe.Mail@example.com", /own name or e-mail/],
    ["the front of the e-mail address", "margarethe.mail", /own name or e-mail/],
    ["longer than 1,024 bytes", `${"é".repeat(512)}e`, /longer than 1024 bytes/],
    ["empty", "", /standard input is empty/],
  ] as const)("%s", async ([, password, why]) => {
    const result = await add("margarethe", password);
    expectRefusal(result, why);
    if (password !== "") expect(result.stderr).not.toContain(password);
  });
});

describe.concurrent("a new password is accepted, and signs in, if it is", () => {
  test.for([
    ["short", "kVq7wPz2L"],
    ["sixtyfour", "Tb7-qLm_29xZ kVq7wPz2LmXe 0123456789 ABCDEFGHIJKLMNOP QRSTUVWX#!"],
    ["longest", `vier Füße und mehr${"é".repeat(502)}`],
    ["emoji", "🙂🗝️🚪🔒🏠🌙⭐🐈"],
    ["spaced", "  spaces   before, within and behind  "],
    ["greek", "Ουρανίων καρπός"],
    ["letters-only", "nodigitsnocapitals"],
  ] as const)("%s: %s", async ([name, password]) => {
    expect(await add(name, password)).toMatchObject({ status: 0, stderr: "" });
    expect((await login(server.url, name, password)).status).toBe(200);
    expect((await login(server.url, name, `${password}.`)).status).toBe(401);
    expect((await login(server.url, name, password.slice(0, -1))).status).toBe(401);
  });

  test("typed on another keyboard, with other bytes for the same letters", async () => {
    await add("keyboard", "caf\u00e9 au lait");
    expect((await login(server.url, "keyboard", "cafe\u0301 au lait")).status).toBe(200);
  });

  test("written one byte at a time", async () => {
    const password = `${"🗝️".repeat(18)} drei Schlüssel`;
    async function* slowly() {
      for (const byte of Buffer.from(`${password}\n`)) {
        yield Buffer.of(byte);
        // Slower than the start of the command, so that it reads incomplete characters.
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    }
    await place.latchkey(["user", "add", "bytewise", "--email", "b@example.com"], { input: slowly() });
    expect((await login(server.url, "bytewise", password)).status).toBe(200);
  });

  test("the first line of a file with Windows line ends", async () => {
    await add("windows", "from a text file\r\nsecond line");
    expect((await login(server.url, "windows", "from a text file")).status).toBe(200);
  });
});
