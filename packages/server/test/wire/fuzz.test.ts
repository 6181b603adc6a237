import { writeFileSync } from "node:fs";
import { signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, test } from "vitest";
import { fuzzer, run } from "./tools.ts";
import { startWireServer, type WireServer } from "./wire-server.ts";

/** The duration of each of the two runs, in seconds. */
const duration = 60;

/**
 * OAuth answers 400 to well-formed requests with a code, a token or a redirect URI that it refuses (RFC 6749 §5.2). A
 * schema cannot tell those apart. The administration answers 409, 412 and 422 to changes that its rules refuse, and 414
 * or 431 to the longest values of a query.
 */
const config = `
[[operations]]
include-path-regex = "^/oauth/"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "429", "5xx"]

[[operations]]
include-path-regex = "^/admin/"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "412", "414", "422", "431", "5xx"]
checks.negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "409", "412", "413", "414", "422", "431", "5xx"]
`;

const place = new Place();
let wire: WireServer;
let schemathesis: string;
beforeAll(async () => {
  wire = await startWireServer(place);
  writeFileSync(place.path("schemathesis.toml"), config);
  schemathesis = await fuzzer();
});

/** Sends valid and invalid requests, and compares every answer with the document. */
function fuzz(more: readonly string[]): Promise<string> {
  const { document, server } = wire;
  const bounds = ["--max-time", String(duration), "--report-dir", place.path("report")];
  const configured = ["--config-file", place.path("schemathesis.toml")];
  return run(schemathesis, [...configured, "run", document, "--url", server.url, ...bounds, ...more], {
    cwd: place.directory,
  });
}

test("every operation answers as the document says, without credentials", async () => {
  await fuzz([]);
});

test("every operation answers as the document says, with a live access token", async () => {
  const { access } = await signIn(wire.server.url, "admin", adminPassword);
  // These operations would end the session of the run.
  await fuzz([
    "-H",
    `Authorization: Bearer ${access}`,
    "--exclude-path-regex",
    "/(logout|password|sessions(/.id.)?)$",
  ]);
});
