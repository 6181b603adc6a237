import { until } from "@latchkey/testkit/until";
import { pino } from "pino";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { startServer } from "../../src/server.ts";

const config = readConfig({
  LATCHKEY_PORT: "0",
  LATCHKEY_DATABASE: ":memory:",
  LATCHKEY_HASH_MEMORY: "64",
  LATCHKEY_HASH_ITERATIONS: "1",
});
const log = pino({ level: "silent" });

/** How many sockets of this process listen. */
const listening = () =>
  process.getActiveResourcesInfo().filter((resource) => resource === "TCPServerWrap").length;

test("port 0 is taken before the server has opened its database", async () => {
  const before = listening();
  let during = 0;
  const server = await startServer(config, {
    log,
    async prepare() {
      during = listening();
    },
  });
  await server.close();
  expect(during).toBe(before + 1);
});

test("a start that fails gives its port back", async () => {
  const before = listening();
  const start = startServer(config, {
    log,
    async prepare() {
      throw new Error("the first administrator cannot be added");
    },
  });
  await expect(start).rejects.toThrow("the first administrator cannot be added");
  await until("the port is free", () => listening() === before);
});
