import { Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, expect, test } from "vitest";
import { replicaEnvironment } from "../postgres/replica.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";

// Real processes: an open handle keeps one running until it is killed, which commands of the test process cannot show.
const place = new Place();
const done = { status: 0, signal: null, stderr: "" };

beforeAll(async () => {
  await (await place.server()).stop();
});

/** A line, and then neither more nor an end, like a program that keeps the pipe open. */
async function* openInput(line: string) {
  yield Buffer.from(line);
  await new Promise(() => {});
}

test.for<[string, readonly string[], RegExp]>([
  ["user passwd", ["user", "passwd", "admin"], /^changed the password of admin/],
  ["user disable", ["user", "disable", "admin", "--yes"], /^disabled admin/],
  ["user enable", ["user", "enable", "admin"], /^enabled admin/],
  ["database check", ["database", "check"], /\nnothing is wrong\n$/],
  ["database backup", ["database", "backup", "copy.db"], /^copy\.db: \d+ bytes, mode 0600\n/],
  ["database prune", ["database", "prune", "--keep", "1d"], /^0 audit events older than 1d were deleted\n$/],
  ["user remove", ["user", "remove", "admin", "--yes"], /^removed admin/],
])("the process of latchkey %s exits by itself", async ([, args, stdout]) => {
  const result = await place.latchkey(args, { input: openInput("another fine passphrase\n") });
  expect(result).toMatchObject({ ...done, stdout: expect.stringMatching(stdout) });
});

test("the process of a command on PostgreSQL exits by itself", async () => {
  const env = replicaEnvironment(await newDatabase());
  await (await place.server({ env })).stop();
  const listed = await place.latchkey(["user", "list"], { env });
  expect(listed).toMatchObject({ ...done, stdout: expect.stringMatching(/^admin /m) });
  const checked = await place.latchkey(["database", "check"], { env });
  expect(checked).toMatchObject({ signal: null, stdout: expect.stringMatching(/^engine +PostgreSQL/) });
});
