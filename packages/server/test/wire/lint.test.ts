import { writeFileSync } from "node:fs";
import { Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, expect, test } from "vitest";
import { lint } from "./tools.ts";
import { startWireServer, type WireServer } from "./wire-server.ts";

const place = new Place();
let wire: WireServer;
beforeAll(async () => {
  wire = await startWireServer(place);
});

test("Redocly's recommended rules find no fault in the document", async () => {
  await lint.redocly(wire.document);
});

test("Spectral's rules for OpenAPI find no error in the document", async () => {
  const ruleset = place.path("rules.json");
  writeFileSync(ruleset, JSON.stringify({ extends: ["spectral:oas"] }));
  await lint.spectral(wire.document, ruleset);
});

test("both linters find a seeded fault", async () => {
  const broken = place.path("broken.json");
  writeFileSync(broken, JSON.stringify({ openapi: "3.1.0", info: { title: "x" }, paths: {} }));
  const ruleset = place.path("rules.json");
  await expect(lint.redocly(broken)).rejects.toThrow(/version/);
  await expect(lint.spectral(broken, ruleset)).rejects.toThrow(/version/);
});
